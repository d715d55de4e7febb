"""The cohort by `Condition?code=…`: for servers that search conditions without a patient.

A newcomer would get three things wrong. Epic and Oracle refuse this search: there the cohort comes
from a Group. Refuted and unconfirmed conditions are found too and are left in, because only the
whole record tells who has MS. And a lenient server that does not know `code` answers with every
condition of the hospital, so that each one is tested here and such a search is stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from service.ehr.bundle import Page, withholds
from service.ehr.client import FHIRClient
from service.ehr.cohort.members import CohortMembers
from service.ehr.errors import EHRCutShort, EHRRejected
from service.ehr.subject import patient_id_of
from service.screening.value_sets import Vocabulary

_log = structlog.get_logger()

SOURCE = "code-search"


def members_by_code(
    client: FHIRClient,
    vocabulary: Vocabulary,
    *,
    value_set: str = "multiple-sclerosis",
    page_size: int = 500,
) -> CohortMembers:
    """Everybody with a Condition in the value set, whatever its status.

    An answer that was cut short gives those found, with `is_complete` False. EHRRejected or
    EHRRefused where the server does not allow the search.
    """
    params = {
        "code": ",".join(vocabulary.search_codes([value_set])),
        "_count": str(page_size),
        "_elements": "subject,code",
    }
    try:
        return _collect(client, vocabulary, value_set, params)
    except EHRRejected:
        # `_elements` only saves bytes; a strict server may not know it.
        del params["_elements"]
        return _collect(client, vocabulary, value_set, params)


def _collect(
    client: FHIRClient, vocabulary: Vocabulary, value_set: str, params: Mapping[str, str]
) -> CohortMembers:
    ids: set[str] = set()
    is_complete = True
    try:
        for page in client.pages("Condition", params):
            wanted = [c for c in page.matches if may_be_in(vocabulary, value_set, c)]
            _check_that_code_was_understood(page, len(wanted))
            ids.update(filter(None, map(patient_id_of, wanted)))
            is_complete = is_complete and not any(map(withholds, page.issues))
    except EHRCutShort as error:
        _log.warning("cohort_search_incomplete", reason=str(error))
        is_complete = False
    return CohortMembers(tuple(sorted(ids)), SOURCE, is_complete)


def _check_that_code_was_understood(page: Page, wanted: int) -> None:
    if page.matches and wanted * 2 < len(page.matches):
        raise EHRCutShort(
            "Most conditions found by code are of other codes or code systems: the server may not"
            " understand Condition?code; use a Group"
        )


def may_be_in(vocabulary: Vocabulary, value_set: str, condition: Mapping[str, Any]) -> bool:
    """Whether a Condition has a code of the value set; one without any code at all may."""
    code = condition.get("code")
    if not isinstance(code, Mapping):
        return True
    codings = code.get("coding")
    return any(
        value_set in vocabulary.concepts_of(coding["system"], coding["code"])
        for coding in (codings if isinstance(codings, list) else ())
        if isinstance(coding, Mapping)
        and isinstance(coding.get("system"), str)
        and isinstance(coding.get("code"), str)
    )
