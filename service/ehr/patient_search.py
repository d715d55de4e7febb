"""One resource type for several patients, in as few searches as the server truly allows.

A newcomer would get three things wrong.

A server may take `patient=a,b,c` and not understand it: it answers nothing, or for one of them, or
for everybody. So every answer is tested, and where it looks wrong the same is asked for each
patient alone; what a type turned out to need is remembered for the life of the process.

An answer that fails for a batch may be the fault of one chart in it (a break-the-glass warning, one
invalid resource on Oracle, which may even answer 500). Asking for each alone finds that chart, so
that the others are not left unread; only when the first three fail as well is the rest given up.

And ids do not belong into the logs of proxies: searches go by POST where the server takes that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog

from service.ehr.bundle import Page, Resource, SearchResult
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.errors import (
    EHRCutShort,
    EHRError,
    EHRMisunderstood,
    EHRNotFound,
    EHRRefused,
    EHRRejected,
    EHRUnavailable,
)
from service.ehr.search import collect, query_string
from service.ehr.subject import patient_id_of
from service.screening.value_sets import LOINC, DataRequirement, Vocabulary

_log = structlog.get_logger()

_FAILURES_BEFORE_GIVING_UP = 3
_PATIENTS_ASKED_ALONE = 2
# Unlike 502 to 504 and timeouts, 500 may be a lasting fault of one chart (integration notes 1.2).
_FAULT = 500

REFUSED, NOT_THERE, CUT_SHORT, FAILED = "refused", "not there", "cut short", "failed"
"""Why something is unread, for `boneflag survey`."""


BY_CODE, BY_PART, BY_ANSWER = "code", "combo-code", "value-concept"
"""How observations are asked for: by what they are about, also in a component, by their answer."""
# Codes of questions, which are never answers.
_QUESTIONS = frozenset({LOINC})


@dataclass(frozen=True, slots=True)
class TypeSearch:
    """What is asked for one type. No `codes` means all of it; they hold no patient data.

    `by` is the parameter that takes the codes. `is_extra` says that another search for the type
    stands on its own, and that this one only adds to it.
    """

    type: str
    codes: tuple[str, ...] = ()
    by: str = BY_CODE
    is_extra: bool = False

    @property
    def patient_parameter(self) -> str:
        """The parameter that takes patient ids. `patient` and `subject` are never mixed (Epic)."""
        return "_id" if self.type == "Patient" else "patient"


@dataclass(slots=True, repr=False)
class Found:
    """What came for one type, and for whom it did not come completely.

    `resources` are keyed by id: where a search is sent in parts, one resource may come twice.
    `dropped` counts resources of other patients, which no search asked for; `why` says of those
    in `unread` what went wrong.
    """

    resources: dict[str, Resource] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    why: dict[str, str] = field(default_factory=dict)
    dropped: int = 0


def searches_for(
    needs: Iterable[DataRequirement], vocabulary: Vocabulary, capability: Capability
) -> tuple[TypeSearch, ...]:
    """One search for each type, sorted by type; only Observation is filtered by code.

    Medicines may be recognised by name and conditions by a local code, so they are read whole. A
    code of ours may also stand in a component, or as the answer to a question that is not ours
    ("mobility: wheelchair bound"): what the server offers for that is used.
    """
    needs = list(needs)
    found: list[TypeSearch] = []
    for type_ in sorted({need.type for need in needs}):
        if type_ == "Observation":
            found += _observation_searches(needs, vocabulary, capability)
        else:
            found.append(TypeSearch(type_))
    return tuple(found)


def _observation_searches(
    needs: Sequence[DataRequirement], vocabulary: Vocabulary, capability: Capability
) -> Iterator[TypeSearch]:
    observed = [need for need in needs if need.type == "Observation"]
    if not all(need.value_sets for need in observed):
        yield TypeSearch("Observation")
        return
    value_sets = {v for need in observed for v in need.value_sets}
    by = BY_PART if capability.can_search("Observation", BY_PART) else BY_CODE
    yield TypeSearch("Observation", vocabulary.search_codes(value_sets), by)
    answers = vocabulary.search_codes(value_sets, without=_QUESTIONS)
    if answers and capability.can_search("Observation", BY_ANSWER):
        yield TypeSearch("Observation", answers, BY_ANSWER, is_extra=True)


def why_unread(error: EHRError) -> str:
    """What went wrong, in the words above."""
    if isinstance(error, EHRRefused):
        return REFUSED
    if isinstance(error, EHRNotFound):
        return NOT_THERE
    return CUT_SHORT if isinstance(error, EHRCutShort) else FAILED


class PatientSearch:
    """Searches by patient; learns this server's manners and is shared by threads.

    `longest_url` is in characters and holds for GET only. EHRUnavailable passes through: the batch
    comes again later and nothing is concluded from it. The exception is a 500 for one patient while
    others are answered: that patient is unread.
    """

    def __init__(
        self,
        client: FHIRClient,
        *,
        page_size: int = 500,
        longest_url: int = 6000,
        prefer_post: bool = True,
    ) -> None:
        self._client = client
        self._page_size = page_size
        self._longest_url = longest_url
        self._takes_post: bool | None = None if prefer_post else False
        self._one_by_one: set[tuple[str, str]] = set()
        self._takes_lists: set[tuple[str, str]] = set()
        self._takes_parts = True

    def find(self, search: TypeSearch, patient_ids: Sequence[str]) -> Found:
        """All resources of one type of these patients; who is in `unread` was not read in full."""
        if search.by != BY_PART:
            return self._find(search, patient_ids)
        plain = replace(search, by=BY_CODE)
        if not self._takes_parts:
            return self._find(plain, patient_ids)
        found = self._find(search, patient_ids)
        if found.unread == set(patient_ids) and set(found.why.values()) == {FAILED}:
            # The server lists the parameter and does not take it: then without components.
            found = self._find(plain, patient_ids)
            self._takes_parts = bool(found.unread)
        return found

    def _find(self, search: TypeSearch, patient_ids: Sequence[str]) -> Found:
        if len(patient_ids) > 1 and (search.type, search.by) not in self._one_by_one:
            try:
                found = self._find_together(search, patient_ids)
            except (EHRRefused, EHRNotFound) as error:
                _log.warning("type_unread", type=search.type, status=error.status)
                why = dict.fromkeys(patient_ids, why_unread(error))
                return Found(unread=set(patient_ids), why=why)
            except (EHRRejected, EHRMisunderstood, EHRCutShort) as error:
                _log.info("batch_search_failed", type=search.type, status=error.status)
            except EHRUnavailable as error:
                if error.status != _FAULT:
                    raise
                _log.info("batch_search_failed", type=search.type, status=error.status)
            else:
                return found
        found = self._find_each(search, patient_ids)
        if len(patient_ids) > 1 and not found.unread:
            self._one_by_one.add((search.type, search.by))
        return found

    def _find_together(self, search: TypeSearch, patient_ids: Sequence[str]) -> Found:
        found = Found()
        is_complete = self._ask(search, patient_ids, found)
        if not is_complete:
            raise EHRCutShort(f"A search for {search.type} of several patients is incomplete")
        if (search.type, search.by) not in self._takes_lists and search.type != "Patient":
            self._check_lists(search, patient_ids, found)
            self._takes_lists.add((search.type, search.by))
        return found

    def _check_lists(self, search: TypeSearch, patient_ids: Sequence[str], found: Found) -> None:
        """EHRMisunderstood where patients without an answer in the batch have one alone."""
        answered = {patient_id_of(resource) for resource in found.resources.values()}
        if len(answered) > 1:
            return
        for patient_id in [p for p in patient_ids if p not in answered][:_PATIENTS_ASKED_ALONE]:
            alone = Found()
            self._ask(search, [patient_id], alone)
            if alone.resources:
                raise EHRMisunderstood("The EHR does not understand a list of patients")

    def _find_each(self, search: TypeSearch, patient_ids: Sequence[str]) -> Found:
        found = Found()
        fault: EHRUnavailable | None = None
        why = FAILED
        for number, patient_id in enumerate(patient_ids):
            if number == len(found.unread) == _FAILURES_BEFORE_GIVING_UP:
                found.unread.update(patient_ids)
                found.why = dict.fromkeys(patient_ids, why) | found.why
                break
            try:
                is_complete = self._ask(search, [patient_id], found)
            except EHRError as error:
                if isinstance(error, EHRUnavailable):
                    fault = error
                    if error.status != _FAULT:
                        raise
                _log.info("patient_search_failed", type=search.type, status=error.status)
                is_complete, why = False, why_unread(error)
            else:
                why = CUT_SHORT
            if not is_complete:
                found.unread.add(patient_id)
                found.why[patient_id] = why
        if fault is not None and found.unread == set(patient_ids):
            raise fault
        if found.unread:
            _log.warning("type_unread", type=search.type, patients=len(found.unread))
        return found

    def _ask(self, search: TypeSearch, patient_ids: Sequence[str], found: Found) -> bool:
        """Add what comes to `found`; whether it is complete."""
        if self._takes_post is not False:
            try:
                is_complete = self._ask_once(search, patient_ids, found, post=True)
            except (EHRRejected, EHRNotFound, EHRMisunderstood):
                if self._takes_post:
                    raise
            else:
                self._takes_post = True
                return is_complete
        parts = list(self._that_fit_a_url(search, patient_ids))
        answers = [self._ask_once(part, ids, found, post=False) for part, ids in parts]
        # Only an answer proves that it was POST, and not the search, that was not accepted.
        self._takes_post = False
        return all(answers)

    def _ask_once(
        self, search: TypeSearch, patient_ids: Sequence[str], found: Found, *, post: bool
    ) -> bool:
        params = self._params(search, patient_ids)
        asked = frozenset(patient_ids)
        pages = self._client.pages(search.type, params, post=post)
        result: SearchResult = collect(_only_about(asked, pages))
        own = [r for r in result.matches if patient_id_of(r) in asked]
        found.resources.update((str(r.get("id") or id(r)), r) for r in own)
        found.dropped += len(result.matches) - len(own)
        return result.is_complete

    def _params(self, search: TypeSearch, patient_ids: Sequence[str]) -> dict[str, str]:
        params = {search.patient_parameter: ",".join(patient_ids)}
        if search.codes:
            params[search.by] = ",".join(search.codes)
        if search.type == "Appointment":
            # Only what lies ahead; a day of slack for the time zones of the hospital and of UTC.
            params["date"] = f"ge{datetime.now(UTC).date() - timedelta(days=1)}"
        if search.type != "Patient" or len(patient_ids) > 1:
            params["_count"] = str(self._page_size)
        return params

    def _that_fit_a_url(
        self, search: TypeSearch, patient_ids: Sequence[str]
    ) -> Iterator[tuple[TypeSearch, Sequence[str]]]:
        """Halve the longer list until the URL is short enough."""
        query = query_string(self._params(search, patient_ids))
        length = len(self._client.base_url) + len(search.type) + len(query) + 2
        codes = search.codes
        if length <= self._longest_url or len(patient_ids) == 1 >= len(codes):
            yield search, patient_ids
        elif len(codes) > 1 and len("".join(codes)) > len("".join(patient_ids)):
            middle = len(codes) // 2
            for half in (codes[:middle], codes[middle:]):
                yield from self._that_fit_a_url(replace(search, codes=half), patient_ids)
        else:
            middle = max(len(patient_ids) // 2, 1)
            for ids in (patient_ids[:middle], patient_ids[middle:]):
                if ids:
                    yield from self._that_fit_a_url(search, ids)


def _only_about(asked: frozenset[str], pages: Iterable[Page]) -> Iterator[Page]:
    """Stop a search that answers mostly for others: its patient parameter was not understood."""
    for page in pages:
        own = sum(1 for resource in page.matches if patient_id_of(resource) in asked)
        if own * 2 < len(page.matches):
            raise EHRMisunderstood("The EHR answered a search for patients who were not asked for")
        yield page
