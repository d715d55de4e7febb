"""What is kept of a simulation for the page, some hours long: counts as they may be shown.

A newcomer would get three things wrong. Small numbers are hidden here, before anything is kept: the
page of a programme is read by more people than the command line of a clinical lead. That holds for
who waits for a scan too: with one slot a month, the months until nobody waits would count them. And
what stands for the cohort is made of what may be shown of those who were judged: one person of a
sample is not twenty.
"""

from __future__ import annotations

from typing import Any

from service.report.disclosure import rounded, shown
from service.screening.criterion import Role
from service.simulate.outcome import NO_CRITERION
from service.simulate.tally import NEWLY_DUE, NO_LONGER_DUE, Simulation, Slots


def kept_counts(found: Simulation) -> dict[str, Any]:
    """One JSON-able object; null is a hidden count.

    Counts are of those who were judged, but for scans and new alerts: those are of the cohort.
    """
    pairs = found.pairs
    return {
        "on": found.on.isoformat(),
        "today": {"version": found.today.version, "digest": found.today.digest},
        "changed": {"version": found.changed.version, "digest": found.changed.digest},
        "cohort": found.cohort,
        "is_cohort_complete": found.is_cohort_complete,
        "judged": found.judged,
        "failed": found.failed,
        "unread": sorted(name for name, people in found.unread.items() if rounded(people)),
        "due": {
            "today": rounded(pairs.both + pairs.only_first),
            "changed": rounded(pairs.both + pairs.only_second),
            "newly": rounded(pairs.only_second),
            "no_longer": rounded(pairs.only_first),
        },
        "steps": _steps(found),
        "criteria": _criteria(found),
        "new_alerts": {
            "today": _of_cohort(rounded(found.opens_today), found.scale),
            "changed": _of_cohort(rounded(found.opens_changed), found.scale),
        },
        "scans": {
            "today": _scans(found.slots_today, found.scale),
            "changed": _scans(found.slots_changed, found.scale),
        },
    }


def _steps(found: Simulation) -> list[dict[str, Any]]:
    """From status to status. They add up to everybody who was judged, a number that is shown."""
    counts = {f"{a}|{b}": people for (a, b), people in sorted(found.transitions.items())}
    row = shown({"": counts}, rows_add_up=True, columns_add_up=False)[""] if counts else {}
    return [
        {"today": name.partition("|")[0], "changed": name.partition("|")[2], "people": people}
        for name, people in row.items()
        if people is not None
    ]


def _criteria(found: Simulation) -> list[dict[str, Any]]:
    """Criteria of which a number may be shown: that one stands here at all tells of somebody."""
    titles = {
        entry.number: entry.title
        for protocol in (found.today, found.changed)
        for entry in protocol.entries
        if entry.criterion.role is not Role.COHORT
    }
    rows = [
        {
            "number": "" if number == NO_CRITERION else number,
            "title": titles.get(number, number),
            "newly": rounded(row[NEWLY_DUE]),
            "no_longer": rounded(row[NO_LONGER_DUE]),
        }
        for number, row in sorted(found.criteria.items())
    ]
    return [row for row in rows if (row["newly"], row["no_longer"]) != (None, None)]


def _scans(slots: Slots, scale: float) -> dict[str, Any]:
    """Who is due, has an order, and joins month by month. The months add up to `a_year`."""
    joining = {str(month): people for month, people in enumerate(slots.monthly)}
    months = shown({"": joining}, rows_add_up=True, columns_add_up=False)[""]
    return {
        "backlog": _of_cohort(rounded(slots.backlog), scale),
        "waiting": _of_cohort(rounded(slots.waiting), scale),
        "monthly": [_of_cohort(people, scale) for people in months.values()],
        "a_year": _of_cohort(rounded(sum(slots.monthly)), scale),
    }


def _of_cohort(people: int | None, scale: float) -> int | None:
    """Of the whole cohort, from what may be shown of those who were judged."""
    return None if people is None else rounded(round(people * scale))
