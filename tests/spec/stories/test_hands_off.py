"""What people wrote is theirs

A text that a person changed is not overwritten, a Flag that they took down is not put up again.
"""

from tests.lib.patients import bmi, dxa
from tests.spec.stories.on_paper import each_holds
from tests.spec.stories.people import ANNA, ANNA_IS
from tests.spec.stories.story import Arrives, Deletes, Sets, Story, step, told

STORIES = (
    Story(
        "A clinician changes the words",
        "Never overwritten, not even when there is something new to say; closed with the scan.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician writes “Call her daughter first” into the Task's description",
                Sets("Task", {"description": "Call her daughter first"}),
                status="due",
                flag="active",
                task="requested",
                reads={"Task": "Call her daughter first"},
            ),
            step(
                "START+1m",
                "BMI 17.5: there would be more to say",
                Arrives(bmi(17.5, on="START+1m")),
                status="due",
                flag="active",
                task="requested",
                reads={"Task": "Call her daughter first"},
                why="changed by a person: not overwritten",
            ),
            step(
                "START+2m",
                "a central DXA: Z −0.5 at the lumbar spine",
                Arrives(dxa(z=-0.5, on="START+2m")),
                status="satisfied",
                flag="inactive",
                task="completed",
                reads={"Task": "Call her daughter first"},
                why="closed, with their words",
            ),
        ),
    ),
    Story(
        "A clinician changes the banner",
        "The text of the Flag is theirs from then on.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician writes “Fragile, lift with care” into the Flag",
                Sets("Flag", {"code": {"text": "Fragile, lift with care"}}),
                status="due",
                flag="active",
                task="requested",
                reads={"Flag": "Fragile, lift with care"},
            ),
            step(
                "START+1m",
                "BMI 17.5: there would be more to say",
                Arrives(bmi(17.5, on="START+1m")),
                status="due",
                flag="active",
                task="requested",
                reads={"Flag": "Fragile, lift with care"},
            ),
        ),
    ),
    Story(
        "The Flag is taken down while the Task waits",
        "A person who takes the banner down has said no; the Task is left to people.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "the clinician sets the Flag to inactive",
                Sets("Flag", {"status": "inactive"}),
                status="snoozed",
                flag="inactive",
                task="requested",
                why="quiet for 12 months; nobody has answered the Task",
            ),
            step(
                "START+12m-1d",
                "nothing; the last day",
                status="snoozed",
                flag="inactive",
                task="requested",
            ),
            step(
                "START+12m",
                "nothing; the 12 months are over",
                status="due",
                flag="active",
                task="requested",
                why="the same episode, whose Task still waits",
            ),
        ),
    ),
    Story(
        "The Flag is deleted",
        "What somebody deleted is not made again while the Task waits.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START",
                "somebody takes the Flag out of the Task (its focus) and deletes it",
                Sets("Task", {"focus": None}),
                Deletes("Flag"),
                status="due",
                task="requested",
                why="the Task still waits",
            ),
            step(
                "START+1m",
                "BMI 17.5: there is more to say",
                Arrives(bmi(17.5, on="START+1m")),
                status="due",
                task="requested",
                reads={"Task": "17.5"},
                why="said in the Task alone",
            ),
        ),
    ),
)

test_each_story_holds = each_holds(STORIES)
