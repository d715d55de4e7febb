"""From record numbers to Patients: many in one search where the server takes lists.

A newcomer would get three things wrong. A lenient server that ignores `identifier` answers with
everybody, so only a Patient who shows the very identifier counts. A server may take a list and not
understand it, so somebody missing from the first answer is asked for alone before it is believed.
And a record number that fits two people is nobody's: it is reported, never guessed. A number that
fits a merged record and the one that replaced it fits one person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from service.ehr.bundle import Resource
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRCutShort, EHRMisunderstood, EHRNotFound, EHRRejected
from service.ehr.merged import survivor_of

_log = structlog.get_logger()

Token = tuple[str, str]
"""System and value of an identifier."""

# Epic's search for Patients ends at 100 (4127, integration notes 1.3); some match two records.
_AT_ONCE = 40
_ASKED_ALONE = 2


@dataclass(slots=True, repr=False)
class Found:
    """`one` gives the Patient of an identifier, `several` those of one that fits more than one."""

    one: dict[Token, str] = field(default_factory=dict)
    several: dict[Token, tuple[str, ...]] = field(default_factory=dict)


def digest_of(token: Token) -> str:
    """What the ledger keeps of an identifier instead of itself."""
    return hashlib.sha256("|".join(token).encode()).hexdigest()


class IdentifierSearch:
    """Looks identifiers up; learns whether this server takes POST and lists."""

    def __init__(self, client: FHIRClient, *, prefer_post: bool = True) -> None:
        self._client = client
        self._takes_post: bool | None = None if prefer_post else False
        self._takes_lists: bool | None = None

    def find(self, tokens: Sequence[Token]) -> Found:
        """The Patients of these identifiers; who is in neither part of the answer is not there.

        EHRError where the server does not answer, or does not take the search at all.
        """
        found = Found()
        for start in range(0, len(tokens), _AT_ONCE):
            self._find_some(tokens[start : start + _AT_ONCE], found)
        return found

    def _find_some(self, tokens: Sequence[Token], found: Found) -> None:
        if len(tokens) > 1 and self._takes_lists is not False:
            try:
                answer = self._ask(tokens)
            except (EHRRejected, EHRMisunderstood, EHRCutShort) as error:
                _log.info("identifiers_asked_alone", status=error.status)
                self._takes_lists = False
            else:
                missing = [token for token in tokens if not answer[token]]
                if self._takes_lists or self._are_truly_missing(missing):
                    _sort(answer, found)
                    return
                self._takes_lists = False
        for token in tokens:
            _sort(self._ask([token]), found)

    def _are_truly_missing(self, missing: Sequence[Token]) -> bool:
        """Whether those whom a list did not find are not there alone either."""
        alone: dict[Token, set[str]] = {}
        for token in missing[:_ASKED_ALONE]:
            alone |= self._ask([token])
        self._takes_lists = not any(alone.values())
        return self._takes_lists

    def _ask(self, tokens: Sequence[Token]) -> dict[Token, set[str]]:
        params = {"identifier": ",".join("|".join(token) for token in tokens), "_count": "100"}
        matches = self._search(params)
        return {token: _who(matches, token) for token in tokens}

    def _search(self, params: Mapping[str, str]) -> Sequence[Resource]:
        if self._takes_post is not False:
            try:
                matches = self._search_once(params, post=True)
            except (EHRRejected, EHRNotFound, EHRMisunderstood):
                if self._takes_post:
                    raise
            else:
                self._takes_post = True
                return matches
        matches = self._search_once(params, post=False)
        # Only an answer proves that it was POST, and not the search, that was not accepted.
        self._takes_post = False
        return matches

    def _search_once(self, params: Mapping[str, str], *, post: bool) -> Sequence[Resource]:
        wanted = set(params["identifier"].split(","))
        matches: dict[str, Resource] = {}
        for page in self._client.pages("Patient", params, post=post):
            fitting = [r for r in page.matches if wanted & set(_tokens_of(r))]
            if page.matches and not fitting:
                raise EHRMisunderstood(
                    "The EHR answered a search for identifiers with Patients who do not show them:"
                    " it may not understand Patient?identifier; use FHIR ids in the file"
                )
            matches.update((str(r.get("id")), r) for r in fitting)
        return list(matches.values())


def _who(patients: Iterable[Resource], token: Token) -> set[str]:
    """The people who show an identifier; a merged record stands for the one that replaced it."""
    name = "|".join(token)
    return {
        survivor_of(patient) or str(patient["id"])
        for patient in patients
        if isinstance(patient.get("id"), str) and name in _tokens_of(patient)
    }


def _tokens_of(patient: Mapping[str, Any]) -> Iterator[str]:
    identifiers = patient.get("identifier")
    for one in identifiers if isinstance(identifiers, list) else ():
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            yield f"{one.get('system') or ''}|{one['value'].strip()}"


def _sort(answer: Mapping[Token, set[str]], found: Found) -> None:
    for token, ids in answer.items():
        if len(ids) == 1:
            found.one[token] = min(ids)
        elif ids:
            found.several[token] = tuple(sorted(ids))
