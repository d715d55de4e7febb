"""What breaks a no, and what does not

A fracture, a severe EDSS, a wheelchair or sustained glucocorticoid after the no: a new episode.
Minor findings and repeated ones leave it standing.
"""

from tests.lib.patients import condition, edss, icd, ordered, snomed, vitamin_d
from tests.spec.stories.on_paper import each_holds
from tests.spec.stories.people import ANNA, ANNA_IS, IDA, IDA_IS
from tests.spec.stories.story import Arrives, Sets, Step, Story, step, told

QUIET = {"status": "snoozed", "flag": "inactive", "task": "rejected"}
BROKEN = {"status": "due", "flag": "inactive, active", "task": "rejected, requested"}


def dismissed() -> tuple[Step, Step]:
    """Told and turned down on the first day."""
    return (
        told(),
        step(
            "START",
            "the clinician rejects the Task, without a coded reason",
            Sets("Task", {"status": "rejected"}),
            **QUIET,
            why="quiet for 12 months, unless something breaks the no",
        ),
    )


STORIES = (
    Story(
        "Dismissed, then fractured",
        "A hip fracture breaks the no at once, and the new Task is urgent.",
        IDA_IS,
        IDA,
        (
            *dismissed(),
            step(
                "START+1m",
                "she breaks her hip (S72.001A)",
                Arrives(condition(icd("S72.001A"), onset="START+1m", recorded="START+1m")),
                **BROKEN,
                reads={"Task": '"priority": "urgent"'},
                why="MSO-06 is new: a second episode",
            ),
        ),
    ),
    Story(
        "Dismissed, then a follow-up of an old fracture",
        "The follow-up visit (S72.001D) for a fracture of before the no is no new fracture.",
        IDA_IS,
        (
            *IDA,
            condition(icd("S72.001A"), onset="START-2m", recorded="START-2m"),
        ),
        (
            *dismissed(),
            step(
                "START+1m",
                "a follow-up of the fracture of three months ago is coded (S72.001D)",
                Arrives(condition(icd("S72.001D"), onset="START+1m", recorded="START+1m")),
                **QUIET,
                why="one fracture at a site within 180 days: nothing new",
            ),
        ),
    ),
    Story(
        "Dismissed, then a minor factor more",
        "A low vitamin D is minor, and repeated laboratory values break nothing.",
        IDA_IS,
        IDA,
        (
            *dismissed(),
            step(
                "START+1m",
                "25-hydroxyvitamin D 12 ng/mL",
                Arrives(vitamin_d(12, "ng/mL", on="START+1m")),
                **QUIET,
                why="minor: the no stands",
            ),
            step(
                "START+2m",
                "25-hydroxyvitamin D 10 ng/mL",
                Arrives(vitamin_d(10, "ng/mL", on="START+2m")),
                **QUIET,
            ),
        ),
    ),
    Story(
        "Dismissed, then a wheelchair",
        "Dependence on a wheelchair that is recorded after the no breaks it.",
        IDA_IS,
        IDA,
        (
            *dismissed(),
            step(
                "START+1m",
                "wheelchair dependence is put on the problem list (SNOMED 105503008)",
                Arrives(
                    condition(snomed("105503008"), recorded="START+1m"),
                ),
                **BROKEN,
                why="MSO-04 has become true",
            ),
        ),
    ),
    Story(
        "Dismissed, then a severe EDSS",
        "EDSS 6.0 breaks the no, 5.5 does not.",
        IDA_IS,
        IDA,
        (
            *dismissed(),
            step(
                "START+1m",
                "EDSS 5.5",
                Arrives(edss(5.5, on="START+1m")),
                **QUIET,
                why="minor: the no stands",
            ),
            step(
                "START+2m",
                "EDSS 6.0",
                Arrives(edss(6.0, on="START+2m")),
                **BROKEN,
                why="MSO-02 has become true",
            ),
        ),
    ),
    Story(
        "Dismissed with a severe EDSS, then a worse one",
        "What was true when the clinician said no does not break it by getting worse.",
        ANNA_IS,
        ANNA,
        (
            *dismissed(),
            step("START+1m", "EDSS 7.0, it was 6.5", Arrives(edss(7.0, on="START+1m")), **QUIET),
        ),
    ),
    Story(
        "Dismissed, then sustained glucocorticoid",
        "Prednisone 5 mg a day from the day after the no; the 90th day breaks it.",
        IDA_IS,
        IDA,
        (
            *dismissed(),
            step(
                "START+1d",
                "prednisone 5 mg a day is ordered, open end",
                Arrives(
                    ordered(
                        "prednisone 5 mg oral tablet", on="START+1d", mg_daily=5, since="START+1d"
                    )
                ),
                **QUIET,
            ),
            step("START+89d", "nothing; the 89th day of prednisone", **QUIET),
            step(
                "START+90d",
                "nothing; the 90th day of prednisone",
                **BROKEN,
                why="MSO-08 has become true: 90 days of at least 2.5 mg",
            ),
        ),
    ),
)

test_each_story_holds = each_holds(STORIES)
