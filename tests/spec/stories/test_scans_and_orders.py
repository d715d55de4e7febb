"""Ordered, done, acted on

An order makes an alert wait, a central scan closes it and says which scan it was, and a low score
opens another piece of work.
"""

from tests.lib.patients import dxa, dxa_order, ordered
from tests.spec.stories.on_paper import each_holds
from tests.spec.stories.people import ANNA, ANNA_IS, IDA, IDA_IS, OTTO, OTTO_IS
from tests.spec.stories.story import Arrives, Sets, Story, step, told

OPEN = {"flag": "active", "task": "requested"}
CLOSED = {"flag": "inactive", "task": "completed"}

STORIES = (
    Story(
        "Ordered, done, and the score is low",
        "The order waits, the scan closes the alert and is named in it, the score opens a Task.",
        IDA_IS,
        IDA,
        (
            told(),
            step(
                "START+1m",
                "a DXA is ordered",
                Arrives(dxa_order(on="START+1m", id="order")),
                status="ordered-waiting",
                **OPEN,
                why="ordered is not done: the alert stays as it is",
            ),
            step(
                "START+2m",
                "the DXA is done: T −2.7 at the lumbar spine; the order is completed",
                Arrives(
                    dxa(
                        t=-2.7,
                        on="START+2m",
                        id="score",
                        basedOn=[{"reference": "ServiceRequest/order"}],
                    )
                ),
                Arrives(dxa_order(on="START+1m", id="order", status="completed")),
                status="result-needs-action",
                flag="inactive",
                task="cancelled",
                gap_task="requested",
                points_at={"Task": "Observation/score"},
                why="known osteoporosis without a medicine for it: a Task of its own (GAP-01)",
            ),
            step(
                "START+3m",
                "alendronate 70 mg is ordered",
                Arrives(ordered("alendronate 70 mg", on="START+3m", id="tablets")),
                status="satisfied",
                flag="inactive",
                task="cancelled",
                gap_task="completed",
                points_at={"gap Task": "MedicationRequest/tablets"},
                why="treated: the Task about the gap is completed",
            ),
        ),
    ),
    Story(
        "Ordered, done, and the score is well",
        "A central DXA closes Flag and Task; due again when its interval ends.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START+1d",
                "a central DXA: Z −0.5 at the lumbar spine",
                Arrives(dxa(z=-0.5, on="START+1d", id="scan")),
                status="satisfied",
                **CLOSED,
                reads={"Task": "central DXA"},
                points_at={"Task": "Observation/scan"},
                why="the Task names the scan that closed it",
            ),
            step(
                "START+24m-61d",
                "nothing; 62 days before the interval of 24 months ends",
                status="satisfied",
                **CLOSED,
                why="24 and not 60 months, because of the EDSS of 6.5",
            ),
            step(
                "START+24m",
                "nothing; the last day of the interval",
                status="due-soon",
                **CLOSED,
            ),
            step(
                "START+24m+1d",
                "nothing; the interval is over",
                status="due",
                flag="inactive, active",
                task="completed, requested",
                why="a second episode",
            ),
        ),
    ),
    Story(
        "The clinician accepts the Task, and the scan arrives",
        "Work that a person has taken is completed by us once the scan is there.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician accepts the Task",
                Sets("Task", {"status": "accepted"}),
                status="due",
                flag="active",
                task="accepted",
                why="somebody works on it: nothing to add",
            ),
            step(
                "START+2m",
                "a central DXA: Z −0.5 at the lumbar spine",
                Arrives(dxa(z=-0.5, on="START+2m", id="scan")),
                status="satisfied",
                **CLOSED,
                points_at={"Task": "Observation/scan"},
                why="their Task is completed, on the version that they left",
            ),
        ),
    ),
    Story(
        "The clinician completes the Task, and no scan is to be seen",
        "Completed is no refusal. The Flag stays until the scan is seen; the Task stays theirs.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician completes the Task",
                Sets("Task", {"status": "completed"}),
                status="due",
                flag="active",
                task="completed",
                why="their word stands: no second Task",
            ),
            step(
                "START+6m",
                "nothing",
                status="due",
                flag="active",
                task="completed",
            ),
            step(
                "START+7m",
                "a central DXA: Z −0.5 at the lumbar spine",
                Arrives(dxa(z=-0.5, on="START+7m")),
                status="satisfied",
                **CLOSED,
                why="now the Flag goes",
            ),
        ),
    ),
    Story(
        "Ordered and never done",
        "After 6 months without a scan the alert says so, once; it does not repeat itself.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START+1d",
                "a DXA is ordered",
                Arrives(dxa_order(on="START+1d")),
                status="ordered-waiting",
                **OPEN,
            ),
            step(
                "START+6m+1d",
                "nothing; 6 months after the order",
                status="ordered-waiting",
                **OPEN,
            ),
            step(
                "START+6m+2d",
                "nothing; a day more",
                status="due",
                **OPEN,
                reads={"Task": "ordered, not done"},
                why="due again in the same episode",
            ),
            step("START+7m", "nothing", status="due", **OPEN, why="said once, not every night"),
        ),
    ),
    Story(
        "Ordered, the Task completed, and the scan never done",
        "Who ordered the scan may well complete the Task. After 6 months it is asked once more.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician orders a DXA and completes the Task",
                Arrives(dxa_order(on="START")),
                Sets("Task", {"status": "completed"}),
                status="ordered-waiting",
                flag="active",
                task="completed",
            ),
            step(
                "START+6m",
                "nothing; the last day of the 6 months",
                status="ordered-waiting",
                flag="active",
                task="completed",
            ),
            step(
                "START+6m+1d",
                "nothing; a day more, and no scan",
                status="due",
                flag="active",
                task="requested",
                reads={"Task": "ordered, not done"},
                why="told once more, in the same episode",
            ),
            step(
                "START+7m",
                "the clinician completes the Task again",
                Sets("Task", {"status": "completed"}),
                status="due",
                flag="active",
                task="completed",
                why="they have seen the order that was not done: their word stands",
            ),
            step(
                "START+12m",
                "nothing",
                status="due",
                flag="active",
                task="completed",
                why="once, not every night",
            ),
        ),
    ),
    Story(
        "Ordered and never done, and then turned down",
        "Whoever turns the second asking down is believed.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START+1d",
                "a DXA is ordered",
                Arrives(dxa_order(on="START+1d")),
                status="ordered-waiting",
                **OPEN,
            ),
            step(
                "START+6m+2d",
                "nothing; 6 months and a day after the order",
                status="due",
                **OPEN,
                reads={"Task": "ordered, not done"},
            ),
            step(
                "START+6m+3d",
                "the clinician rejects the Task",
                Sets("Task", {"status": "rejected"}),
                status="snoozed",
                flag="inactive",
                task="rejected",
            ),
            step(
                "START+9m",
                "nothing",
                status="snoozed",
                flag="inactive",
                task="rejected",
            ),
        ),
    ),
    Story(
        "Treated elsewhere",
        "Osteoporosis is on file and a medicine for it appears: the Task about the gap is done.",
        OTTO_IS,
        OTTO,
        (
            told(
                "result-needs-action",
                flag="–",
                task="–",
                gap_task="requested",
                why="GAP-01: a Task of its own, no Flag, no screening alert",
            ),
            step(
                "START+1m",
                "a medication list from elsewhere names zoledronate, given ten months ago",
                Arrives(
                    ordered("zoledronic acid 5 mg", on="START-9m", status="completed", id="given")
                ),
                status="satisfied",
                gap_task="completed",
                points_at={"gap Task": "MedicationRequest/given"},
                why="on therapy in its window",
            ),
        ),
    ),
    Story(
        "A no to the treatment gap is no answer about screening",
        "The gap is turned down; later the diagnosis goes, and screening is not silenced by it.",
        OTTO_IS,
        (*OTTO, *IDA[2:]),
        (
            told("result-needs-action", flag="–", task="–", gap_task="requested", why="GAP-01"),
            step(
                "START",
                "the clinician rejects the Task about the gap",
                Sets("Task", {"status": "rejected"}, about="gap"),
                status="result-needs-action",
                gap_task="rejected",
                why="the gap is still there, and nobody is asked again for 12 months",
            ),
            step(
                "START+1m",
                "the osteoporosis turns out to be an error of coding",
                Arrives(
                    OTTO[3]
                    | {
                        "verificationStatus": {
                            "coding": [
                                {
                                    "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                                    "code": "entered-in-error",
                                }
                            ]
                        }
                    }
                ),
                status="due",
                flag="active",
                task="requested",
                gap_task="rejected",
                why="screening was never turned down",
            ),
        ),
    ),
    Story(
        "A no to screening is no answer about the treatment gap",
        "The screening alert is turned down; a low score found later opens a Task all the same.",
        IDA_IS,
        IDA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task",
                Sets("Task", {"status": "rejected"}),
                status="snoozed",
                flag="inactive",
                task="rejected",
            ),
            step(
                "START+1m",
                "a DXA from elsewhere: T −2.7",
                Arrives(dxa(t=-2.7, on="START+1m")),
                status="result-needs-action",
                flag="inactive",
                task="rejected",
                gap_task="requested",
                why="another question: GAP-01",
            ),
        ),
    ),
)

test_each_story_holds = each_holds(STORIES)
