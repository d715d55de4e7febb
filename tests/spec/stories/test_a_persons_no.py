"""A person says no

What a clinician answers on the Task is believed, for as long as the reason says, and not longer.
"""

from tests.lib.patients import concept, dxa_done
from tests.spec.stories.on_paper import each_holds
from tests.spec.stories.people import ANNA, ANNA_IS, PATIENT_DECISION, because
from tests.spec.stories.story import Arrives, Sets, Story, step, told

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
