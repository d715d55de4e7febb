"""Died, merged, moved away, and mistakes

Who is gone, whose diagnosis was wrong, and who was two people.
"""

from tests.lib.patients import edss, ms, status_of, woman
from tests.spec.stories.on_paper import each_holds
from tests.spec.stories.people import ANNA, ANNA_IS
from tests.spec.stories.story import Arrives, LeavesGroup, Sets, Story, step, told

CLOSED = {"flag": "inactive", "task": "cancelled"}
WITHDRAWN = {"flag": "entered-in-error", "task": "cancelled"}
OPEN = {"flag": "active", "task": "requested"}
MS = ms(id="ms")
EDSS = edss(6.5, on="START-3m", id="edss")
NAMED = (ANNA[0], MS, EDSS)

# The same person under two records, p and old; old is merged into p, which stands.
TWICE = (
    *NAMED,
    woman(born="START-40y", id="old"),
    MS | {"id": "old-ms", "subject": {"reference": "Patient/old"}},
    EDSS | {"id": "old-edss", "subject": {"reference": "Patient/old"}},
)
MERGED = Arrives(
    woman(
        born="START-40y",
        id="old",
        active=False,
        link=[{"other": {"reference": "Patient/p"}, "type": "replaced-by"}],
    )
)

STORIES = (
    Story(
        "Died",
        "A death closes the alert; nothing opens afterwards.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START+1m",
                "the death is recorded",
                Arrives(woman(born="START-40y", deceasedDateTime="START+1m")),
                status="excluded",
                **CLOSED,
            ),
            step("START+24m", "nothing", status="excluded", **CLOSED),
        ),
    ),
    Story(
        "Moved away: the record is inactive",
        "An inactive record closes the alert.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START+1m",
                "the record is set to inactive",
                Arrives(woman(born="START-40y", active=False)),
                status="excluded",
                **CLOSED,
            ),
            step(
                "START+2m",
                "she is back: the record is active again",
                Arrives(woman(born="START-40y", active=True)),
                status="due",
                **OPEN,
                why="within a year of its opening the same episode is reopened",
            ),
        ),
    ),
    Story(
        "Moved away: no longer on the clinic's list",
        "Leaving the list closes nothing by itself: whoever has an alert is read on.",
        ANNA_IS,
        ANNA,
        (
            told(),
            step(
                "START+1m",
                "she is taken off the cohort's Group; her chart is as it was",
                LeavesGroup(),
                status="due",
                **OPEN,
                why="the alert stays until the facts close it",
            ),
            step(
                "START+2m",
                "the death is recorded",
                Arrives(woman(born="START-40y", deceasedDateTime="START+2m")),
                status="excluded",
                **CLOSED,
                why="still read, so the alert does not stay for ever",
            ),
        ),
    ),
    Story(
        "The diagnosis of MS is refuted",
        "The alert should never have been there: it is withdrawn.",
        ANNA_IS,
        NAMED,
        (
            told(),
            step(
                "START+1m",
                "the diagnosis is set to refuted",
                Arrives(MS | {"verificationStatus": status_of("condition-ver-status", "refuted")}),
                status="not-in-cohort",
                **WITHDRAWN,
            ),
            step("START+13m", "nothing", status="not-in-cohort", **WITHDRAWN),
        ),
    ),
    Story(
        "The evidence was entered in error",
        "The alert rested on an EDSS that was somebody else's: withdrawn, not resolved.",
        ANNA_IS,
        NAMED,
        (
            told(),
            step(
                "START+1m",
                "the EDSS of 6.5 is marked as entered in error; her own is 2.0",
                Arrives(EDSS | {"status": "entered-in-error"}),
                Arrives(edss(2.0, on="START-3m", id="her-own")),
                status="not-at-risk",
                **WITHDRAWN,
            ),
        ),
    ),
    Story(
        "Two records of one person are merged, both with an alert",
        "One alert stays, the older one; the spare one is marked as entered in error.",
        "Anna twice, 40: MS under two records, one of which holds an EDSS of 6.5",
        TWICE[:-1],
        (
            told(why="newly due under the one record; the other tells nothing"),
            step(
                "START+1m",
                "EDSS 6.5 is recorded under her other record too",
                Arrives(TWICE[-1]),
                status="due",
                flag="active, active",
                task="requested, requested",
                why="nobody knows yet that the two are one: each record has an alert",
            ),
            step(
                "START+2m",
                "the other record is merged into the one",
                MERGED,
                status="due",
                flag="active, entered-in-error",
                task="requested, entered-in-error",
                why="one person, one alert: the older one stays",
            ),
            step(
                "START+3m",
                "nothing",
                status="due",
                flag="active, entered-in-error",
                task="requested, entered-in-error",
                why="the spare alert that BoneFlag retired is nobody's no",
            ),
        ),
    ),
    Story(
        "Two records are merged, and one of them holds a no",
        "What was said to one record was said to the person.",
        "Anna twice, 40: the same diagnosis and EDSS 6.5 under two records",
        TWICE,
        (
            told(flag="active, active", task="requested, requested"),
            step(
                "START",
                "the clinician rejects the Task of one record",
                Sets("Task", {"status": "rejected"}),
                status="due",
                flag="active, inactive",
                task="requested, rejected",
            ),
            step(
                "START+1m",
                "the old record is merged into the other",
                MERGED,
                status="snoozed",
                flag="inactive, inactive",
                task="requested, rejected",
                why="the no stands for the person; the Task that nobody answered is left",
            ),
        ),
    ),
)

test_each_story_holds = each_holds(STORIES)
