"""The sources of the cohort that the settings give what they need.

A newcomer would get one thing wrong: this is not the choice of what is asked. `strategy` chooses
among these by name, knowing the server; what is not made here cannot be chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from service.ehr.bulk.members import SOURCE as BULK_GROUP
from service.ehr.client import FHIRClient
from service.ehr.cohort import appointments, code_search, group, listed_people, patient_list
from service.ehr.cohort.members import CohortMembers
from service.ehr.cohort.source import Asking, CohortSource, ReadLeftOut

ReadExport = Callable[[FHIRClient, str], CohortMembers]


@dataclass(frozen=True, slots=True)
class CohortWishes:
    """What the settings give. `appointment_days` 0 asks for no appointments.

    `read_export` names the Patients of one Group by a bulk export: of `bulk_group_id`, else of each
    of the Groups. `file_system` is that of record numbers in either file which come without one; a
    list is named by its identifier `system|value` or by its FHIR id.
    """

    today: Callable[[], date]
    group_ids: tuple[str, ...] = ()
    list_ids: tuple[str, ...] = ()
    bulk_group_id: str = ""
    file: str = ""
    file_system: str = ""
    exclude_file: str = ""
    appointment_days: int = 0
    page_size: int = 500
    prefer_post: bool = True
    read_export: ReadExport | None = None


def cohort_sources(wishes: CohortWishes) -> tuple[CohortSource, ...]:
    """Every source that can be asked; the search by code needs no setting."""
    return tuple(_sources(wishes))


def _sources(wishes: CohortWishes) -> Iterator[CohortSource]:
    yield CohortSource(
        code_search.SOURCE,
        lambda asking: code_search.members_by_code(
            asking.client, asking.vocabulary, page_size=wishes.page_size
        ),
    )
    for group_id in wishes.group_ids:
        yield CohortSource(group.SOURCE, partial(_group, group_id), group_id)
    if wishes.read_export is not None:
        exported = (wishes.bulk_group_id,) if wishes.bulk_group_id else wishes.group_ids
        for group_id in exported:
            yield CohortSource(BULK_GROUP, partial(_export, wishes.read_export, group_id), group_id)
    for list_id in wishes.list_ids:
        yield CohortSource(patient_list.SOURCE, partial(_list, list_id), list_id)
    if wishes.file:
        yield CohortSource(listed_people.SOURCE, partial(_file, wishes))
    if wishes.appointment_days:
        yield CohortSource(appointments.SOURCE, partial(_appointments, wishes))


def left_out_for(wishes: CohortWishes) -> ReadLeftOut | None:
    """What reads whom to leave out; None where the hospital gives no list."""
    if not wishes.exclude_file:
        return None
    return lambda asking: listed_people.left_out_by_file(
        asking, wishes.exclude_file, wishes.file_system, prefer_post=wishes.prefer_post
    )


def _group(group_id: str, asking: Asking) -> CohortMembers:
    return group.members_of_group(asking.client, group_id)


def _export(read_export: ReadExport, group_id: str, asking: Asking) -> CohortMembers:
    return read_export(asking.client, group_id)


def _list(list_id: str, asking: Asking) -> CohortMembers:
    return patient_list.members_of_list(asking.client, list_id)


def _file(wishes: CohortWishes, asking: Asking) -> CohortMembers:
    return listed_people.members_of_file(
        asking, wishes.file, wishes.file_system, prefer_post=wishes.prefer_post
    )


def _appointments(wishes: CohortWishes, asking: Asking) -> CohortMembers:
    return appointments.members_with_appointment(
        asking.client, wishes.today(), wishes.appointment_days, page_size=wishes.page_size
    )
