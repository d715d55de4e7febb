"""A person says no

What a clinician answers on the Task is believed, for as long as the reason says, and not longer.
"""

from tests.lib.patients import concept, condition, dxa, dxa_done, icd, ms
from tests.spec.stories.on_paper import each_holds
from tests.spec.stories.people import ANNA, ANNA_IS, PATIENT_DECISION, WRONG_DIAGNOSIS, because
from tests.spec.stories.story import Arrives, Says, Sets, Story, step, told

NO = {"flag": "inactive", "task": "rejected"}
AGAIN = {"flag": "inactive, active", "task": "rejected, requested"}


def rejected(reason: dict | None = None) -> Sets:
    """A clinician turns the Task down."""
    return Sets("Task", {"status": "rejected", "statusReason": reason})


STORIES = (
    Story(
        "Declined by the patient",
        "The reason is coded, so BoneFlag knows that it was the patient: quiet for 12 months.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task: the patient refuses",
                rejected(because("patient-refuses")),
                status="declined",
                **NO,
                why="the Flag goes, the Task stays as the clinician left it",
            ),
            step(
                "START+12m-1d",
                "nothing; the last day of the 12 months",
                status="declined",
                **NO,
                why="the no stands",
            ),
            step(
                "START+12m",
                "nothing; the 12 months are over",
                status="due",
                **AGAIN,
                why="the no has lapsed: a second episode, a new Flag and Task",
            ),
            step("START+12m+1d", "nothing", status="due", **AGAIN, why="told already"),
        ),
    ),
    Story(
        "The patient's refusal stands in the chart, not on the Task",
        "A DXA “not done by the patient's decision” is a no as well; the Task is left to people.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START+1d",
                "a DXA is recorded as not done: Z53.20, the patient's decision",
                Arrives(
                    dxa_done(on="START+1d", status="not-done", statusReason=PATIENT_DECISION),
                ),
                status="declined",
                flag="inactive",
                task="requested",
                why="the Flag goes; nobody has answered the Task, so it stays",
            ),
            step(
                "START+12m",
                "nothing; a day before 12 months have passed since",
                status="declined",
                flag="inactive",
                task="requested",
            ),
            step(
                "START+12m+1d",
                "nothing; the 12 months are over",
                status="due",
                flag="active",
                task="requested",
                why="the same episode, whose Task still waits: its Flag is shown again",
            ),
        ),
    ),
    Story(
        "Turned down in words only",
        "Free text is not read: a Task rejected without a code is quiet for 12 months.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task and types “not appropriate for her”",
                rejected(concept(text="not appropriate for her")),
                status="snoozed",
                **NO,
            ),
            step("START+12m-1d", "nothing; the last day", status="snoozed", **NO),
            step("START+12m", "nothing; the 12 months are over", status="due", **AGAIN),
        ),
    ),
    Story(
        "Not appropriate",
        "Coded by the clinician: quiet for 12 months.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task: does not apply to this patient",
                rejected(because("cds-not-applicable")),
                status="snoozed",
                **NO,
            ),
            step("START+12m-1d", "nothing; the last day", status="snoozed", **NO),
            step(
                "START+12m",
                "nothing; the 12 months are over",
                status="due",
                **AGAIN,
                why="the no has lapsed: a second episode",
            ),
        ),
    ),
    Story(
        "Not now",
        "No time: quiet for 3 months only.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task: limited time",
                rejected(because("limited-time")),
                status="snoozed",
                **NO,
            ),
            step("START+3m-1d", "nothing; the last day", status="snoozed", **NO),
            step(
                "START+3m",
                "nothing; the 3 months are over",
                status="due",
                **AGAIN,
                why="the no has lapsed: a second episode",
            ),
        ),
    ),
    Story(
        "There is an order already",
        "Said by the clinician, and no order is to be seen: BoneFlag looks again after 6 months.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task: an order for the indication exists",
                rejected(because("indication-order-exists")),
                status="snoozed",
                **NO,
            ),
            step("START+6m-1d", "nothing; the last day", status="snoozed", **NO),
            step(
                "START+6m",
                "nothing; the 6 months are over",
                status="due",
                **AGAIN,
                why="the no has lapsed: a second episode",
            ),
        ),
    ),
    Story(
        "The service is not available",
        "Quiet for 12 months.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task: service not available",
                rejected(because("service-not-available")),
                status="snoozed",
                **NO,
            ),
            step("START+12m-1d", "nothing; the last day", status="snoozed", **NO),
            step(
                "START+12m",
                "nothing; the 12 months are over",
                status="due",
                **AGAIN,
                why="the no has lapsed: a second episode",
            ),
        ),
    ),
    Story(
        "Done elsewhere, nobody says when",
        "The scan is taken for granted for 24 months.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task: already done",
                rejected(because("action-completed")),
                status="snoozed",
                **NO,
            ),
            step("START+24m-1d", "nothing; the last day", status="snoozed", **NO),
            step(
                "START+24m",
                "nothing; the 24 months are over",
                status="due",
                **AGAIN,
                why="the no has lapsed: a second episode",
            ),
        ),
    ),
    Story(
        "Done elsewhere, with the day of the scan",
        "24 months count from the day of the scan, not from the day of the answer.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task: already done, six months ago (executionPeriod)",
                Sets(
                    "Task",
                    {
                        "status": "rejected",
                        "statusReason": because("action-completed"),
                        "executionPeriod": {"end": "START-6m"},
                    },
                ),
                status="snoozed",
                **NO,
            ),
            step("START+18m-1d", "nothing; the last day", status="snoozed", **NO),
            step(
                "START+18m",
                "nothing; 24 months after the scan",
                status="due",
                **AGAIN,
                why="a second episode",
            ),
        ),
    ),
    Story(
        "Snoozed until the next visit",
        "A Task on hold waits until the day that the clinician set.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician puts the Task on hold until the visit in five months",
                Sets(
                    "Task",
                    {"status": "on-hold", "restriction": {"period": {"end": "START+5m"}}},
                ),
                status="snoozed",
                flag="inactive",
                task="on-hold",
            ),
            step(
                "START+5m-1d",
                "nothing; the day before the visit",
                status="snoozed",
                flag="inactive",
                task="on-hold",
            ),
            step(
                "START+5m",
                "nothing; the day of the visit",
                status="due",
                flag="active",
                task="requested",
                why="the same episode: its Flag is shown, its Task asks again",
            ),
        ),
    ),
    Story(
        "Put on hold without a day",
        "Nobody says until when: 12 months.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician puts the Task on hold",
                Sets("Task", {"status": "on-hold"}),
                status="snoozed",
                flag="inactive",
                task="on-hold",
            ),
            step(
                "START+12m-1d",
                "nothing; the last day",
                status="snoozed",
                flag="inactive",
                task="on-hold",
            ),
            step(
                "START+12m",
                "nothing; the 12 months are over",
                status="due",
                flag="active",
                task="requested",
            ),
        ),
    ),
    Story(
        "Put on hold, and the scan arrives",
        "A Task that waits is completed by us when the gap is closed.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician puts the Task on hold",
                Sets("Task", {"status": "on-hold"}),
                status="snoozed",
                flag="inactive",
                task="on-hold",
            ),
            step(
                "START+2m",
                "a central DXA: Z −0.5 at the lumbar spine",
                Arrives(dxa(z=-0.5, on="START+2m")),
                status="snoozed",
                flag="inactive",
                task="on-hold",
                why="a no that stands goes before the scan; the Task is the clinician's",
            ),
        ),
    ),
    Story(
        "Said to BoneFlag itself",
        "An answer on BoneFlag's own side counts like one on the Task, which is then closed by us.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "a neurologist answers with `boneflag decide`: limited time",
                Says("limited-time", by="neurologist"),
                status="snoozed",
                flag="inactive",
                task="cancelled",
                why="nobody has taken the Task up, so it is closed with the answer",
            ),
            step(
                "START+3m-1d",
                "nothing; the last day of the 3 months",
                status="snoozed",
                flag="inactive",
                task="cancelled",
            ),
            step(
                "START+3m",
                "nothing; the 3 months are over",
                status="due",
                flag="active",
                task="requested",
                why="within a year of its opening the same episode is reopened",
            ),
        ),
    ),
    Story(
        "Said to BoneFlag itself, while somebody works on the Task",
        "The Flag goes; work that a person has taken stays theirs.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "a nurse accepts the Task",
                Sets("Task", {"status": "accepted"}),
                status="due",
                flag="active",
                task="accepted",
            ),
            step(
                "START+1m",
                "a neurologist answers with `boneflag decide`: the patient refuses",
                Says("patient-refuses", by="neurologist"),
                status="declined",
                flag="inactive",
                task="accepted",
            ),
        ),
    ),
    Story(
        "Wrong diagnosis",
        "The alert is withdrawn and never comes again, unless MS is diagnosed anew.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician rejects the Task: wrong diagnosis",
                rejected(WRONG_DIAGNOSIS),
                status="snoozed",
                flag="entered-in-error",
                task="rejected",
                why="it should never have been there; the chart's diagnosis is for people to mend",
            ),
            step(
                "START+1m",
                "she breaks her hip (S72.001A)",
                Arrives(condition(icd("S72.001A"), onset="START+1m", recorded="START+1m")),
                status="snoozed",
                flag="entered-in-error",
                task="rejected",
                why="without MS this is not for BoneFlag",
            ),
            step(
                "START+36m",
                "nothing",
                status="snoozed",
                flag="entered-in-error",
                task="rejected",
                why="no date ends it",
            ),
            step(
                "START+37m",
                "another neurologist records MS, confirmed (G35.A)",
                Arrives(ms(recorded="START+37m")),
                status="due",
                flag="entered-in-error, active",
                task="rejected, requested",
                why="a new confirmed diagnosis: a second episode",
            ),
        ),
    ),
    Story(
        "A rejected Task is taken up again",
        "Whoever takes the Task up again takes the no back.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step("START", "the clinician rejects the Task", rejected(), status="snoozed", **NO),
            step(
                "START+1m",
                "another clinician sets the Task back to requested",
                Sets("Task", {"status": "requested", "statusReason": None}),
                status="due",
                flag="active",
                task="requested",
                why="the same episode goes on",
            ),
        ),
    ),
)

test_each_story_holds = each_holds(STORIES)
