"""Another protocol, another channel

What a hospital changes about BoneFlag repeats nothing that was said.
"""

from tests.lib.patients import dxa
from tests.spec.stories.on_paper import each_holds
from tests.spec.stories.people import ANNA, ANNA_IS, because
from tests.spec.stories.story import Arrives, NewChannel, NewProtocol, Sets, Story, step, told

OPEN = {"flag": "active", "task": "requested"}
NO = {"flag": "inactive", "task": "rejected"}
AGAIN = {"flag": "inactive, active", "task": "rejected, requested"}
MINOR = NewProtocol("0.9.0")
MAJOR = NewProtocol("1.0.0")


def answered(code: str, status: str) -> tuple:
    """Told and turned down on the first day."""
    return (
        told(),
        step(
            "START",
            f"the clinician rejects the Task ({code})",
            Sets("Task", {"status": "rejected", "statusReason": because(code)}),
            status=status,
            **NO,
        ),
    )


STORIES = (
    Story(
        "A new protocol version while an alert is open",
        "The episode goes on: no second Flag, no second Task, and nothing is written anew.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step("START+1m", "protocol version 0.9.0 is approved", MINOR, status="due", **OPEN),
            step("START+3m", "protocol version 1.0.0 is approved", MAJOR, status="due", **OPEN),
            step(
                "START+4m",
                "a central DXA: Z −0.5 at the lumbar spine",
                Arrives(dxa(z=-0.5, on="START+4m")),
                status="satisfied",
                flag="inactive",
                task="completed",
                why="closed under the new version, though told under the old one",
            ),
        ),
    ),
    Story(
        "An expert disagrees: until the next major version",
        "The no outlasts every date and a minor version; a major one is another proposal.",
        ANNA_IS,
        ANNA,
        (
            *answered("expert-contradicts", "snoozed"),
            step(
                "START+1m",
                "protocol version 0.9.0 is approved",
                MINOR,
                status="snoozed",
                **NO,
                why="a minor version ends nothing",
            ),
            step(
                "START+3m",
                "protocol version 1.0.0 is approved",
                MAJOR,
                status="due",
                **AGAIN,
                why="a major version is weighed anew: a second episode",
            ),
        ),
    ),
    Story(
        "An expert disagrees, and nothing changes",
        "No date ends it.",
        ANNA_IS,
        ANNA,
        (
            *answered("expert-contradicts", "snoozed"),
            step("START+36m", "nothing", status="snoozed", **NO),
        ),
    ),
    Story(
        "Told by a message, then by Flag and Task",
        "A change of channel tells nobody the same thing twice within an episode.",
        ANNA_IS,
        ANNA,
        (
            step(
                "START",
                "BoneFlag looks for the first time",
                status="due",
                message="completed",
                why="newly due: a Communication is sent",
            ),
            step(
                "START+1m",
                "the hospital changes to Flag and Task",
                NewChannel("flag-and-task"),
                status="due",
                message="completed",
                why="told already: nothing is repeated",
            ),
            step(
                "START+2m",
                "a central DXA: Z −0.5 at the lumbar spine",
                Arrives(dxa(z=-0.5, on="START+2m")),
                status="satisfied",
                message="completed",
                why="closed in the ledger; what was sent stays to be seen",
            ),
            step(
                "START+26m",
                "nothing; 24 months after the scan, because of the EDSS of 6.5",
                status="due",
                flag="active",
                task="requested",
                message="completed",
                why="a second episode, told by the new channel",
            ),
        ),
        channel="communication",
    ),
)

test_each_story_holds = each_holds(STORIES)
