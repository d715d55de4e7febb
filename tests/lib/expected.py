"""Where an invented person stands after a sweep, which follows merged records."""

from __future__ import annotations

from service.demo_ehr.people import Person


def status_after_a_sweep(person: Person) -> str:
    """The status of the story; whoever was merged away goes on under the record that stands."""
    links = person.resources[0].get("link", ())
    is_merged_away = any(link.get("type") == "replaced-by" for link in links)
    return "not-in-cohort" if is_merged_away else str(person.expected_status)
