"""One resource type for several patients, in as few searches as the server truly allows.

A newcomer would get three things wrong.

A server may take `patient=a,b,c` and not understand it: it answers nothing, or for one of them, or
for everybody. Silence therefore proves nothing: only an answer that holds resources of two patients
shows that lists are understood, for its type, and for every type where it was one about Conditions,
of which everybody in the cohort has some. Until then whoever is missing from an answer is asked
alone; what turned out is remembered for the life of the process.

An answer that fails for a batch may be the fault of one chart in it (a break-the-glass warning, one
invalid resource on Oracle, which may even answer 500). Asking for each alone finds that chart, so
that the others are not left unread; only when the first three fail as well is the rest given up.

And ids do not belong into the logs of proxies: searches go by POST where the server takes that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

import structlog

from service.ehr.bundle import Page, Resource, SearchResult
from service.ehr.client import FHIRClient
from service.ehr.elements import LeastElements, lacks_contained
from service.ehr.errors import (
    EHRConflict,
    EHRCutShort,
    EHRError,
    EHRLoginRefused,
    EHRMisunderstood,
    EHRNotFound,
    EHRRefused,
    EHRRejected,
    EHRUnavailable,
)
from service.ehr.manners import STANDARD, Manners
from service.ehr.search import collect, query_string
from service.ehr.subject import patient_id_of
from service.ehr.type_search import BY_CODE, BY_PART, TypeSearch
from service.ehr.unread import (
    CUT_SHORT,
    FAILED,
    REFUSED,
    Answers,
    Denials,
    has_code,
    why_unread,
)

_log = structlog.get_logger()

# Everybody in the cohort has some, so that they show how this server takes patients' ids.
TELLING_TYPE = "Condition"

_FAILURES_BEFORE_GIVING_UP = 3
# A type that was answered before is not given up for the sake of three bad charts in a row.
_FAILURES_OF_WHAT_WAS_ANSWERED = 10
_PATIENTS_ASKED_ALONE = 2
# Whether a server was seen to understand lists: what reads alerts back must know it too.
_lists_taken: WeakKeyDictionary[FHIRClient, bool] = WeakKeyDictionary()
# Unlike 502 to 504 and timeouts, 500 may be a lasting fault of one chart (integration notes 1.2).
_FAULT = 500


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

    def lacks(self, patient_ids: Iterable[str], why: str) -> None:
        """These patients' resources did not come in full; the first reason stands."""
        for patient_id in patient_ids:
            self.unread.add(patient_id)
            self.why.setdefault(patient_id, why)


def is_without_lists(client: FHIRClient) -> bool:
    """Whether this server was seen to answer a list of patients for some of them only."""
    return _lists_taken.get(client) is False


def learn_how_ids_are_taken(
    client: FHIRClient, patient_ids: Sequence[str], *, prefer_post: bool, one_at_a_time: bool
) -> bool:
    """Ask for the telling type of a few patients; whether it told anything.

    For whoever reads by patient before a chart was read: where nobody has any of what is searched
    for, as with alerts, nothing else shows that ids are understood. Raises EHRUnavailable.
    """
    if client in _lists_taken:
        return True
    search = TypeSearch(TELLING_TYPE)
    manners = Manners(one_at_a_time=one_at_a_time)
    searching = PatientSearch(client, prefer_post=prefer_post, manners=manners)
    found = searching.find(search, patient_ids)
    if not found.resources and searching.wants_typed_ids(search, patient_ids):
        found = searching.find(search, patient_ids)
    return bool(found.resources)


class PatientSearch:
    """Searches by patient; learns this server's manners and is shared by threads.

    `longest_url` is in characters and holds for GET only. EHRUnavailable passes through: the batch
    comes again later and nothing is concluded from it. The exception is a 500 for one patient while
    others are answered: that patient is unread. `answers` tells which types ever came.
    """

    def __init__(
        self,
        client: FHIRClient,
        *,
        page_size: int = 500,
        longest_url: int = 6000,
        prefer_post: bool = True,
        manners: Manners = STANDARD,
    ) -> None:
        self._client = client
        self._page_size = page_size
        self._longest_url = longest_url
        self._manners = manners
        self.answers = Answers()
        self._denials = Denials()
        self._elements = LeastElements(manners.uses_elements)
        may_post = prefer_post and not manners.searches_by_get
        self._takes_post: bool | None = None if may_post else False
        self._one_by_one: set[tuple[object, ...]] = set()
        self._trusted: set[tuple[object, ...]] = set()
        self._takes_lists: bool | None = None
        self._is_learning = True
        self._knows_somebody = False
        self._takes_parts = True

    def find(self, search: TypeSearch, patient_ids: Sequence[str]) -> Found:
        """All resources of one type of these patients; who is in `unread` was not read in full.

        Whoever was refused this type lately is not asked about again.
        """
        denied = self._denials.among(search.type, patient_ids)
        rest = [i for i in patient_ids if i not in denied] if denied else patient_ids
        found = self._find_by_parts(search, rest) if rest else Found()
        found.lacks(denied, REFUSED)
        return found

    @property
    def is_learning(self) -> bool:
        """Whether it is unknown how this server takes ids: then the telling type is read first."""
        return self._is_learning

    def wants_typed_ids(self, search: TypeSearch, patient_ids: Sequence[str]) -> bool:
        """Whether this server finds patients as `Patient/id` only; from now on it is asked so.

        FHIR allows both forms. For patients of whom `search`, one for the telling type, found
        nothing: an id that is not understood looks like an empty chart.
        """
        is_known = self._knows_somebody or not self.answers.has_come(search.type)
        if is_known or self._client.patient_prefix:
            return False
        found = Found()
        some = patient_ids[:1] if self._manners.one_at_a_time else patient_ids
        self._client.patient_prefix = "Patient/"
        try:
            self._ask(search, some, found)
        except EHRUnavailable:
            raise
        except EHRError:
            found = Found()
        finally:
            if not found.resources:
                self._client.patient_prefix = ""
        if found.resources:
            _log.warning("patients_found_by_type_and_id_only")
        return bool(found.resources)

    def _find_by_parts(self, search: TypeSearch, patient_ids: Sequence[str]) -> Found:
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
        is_batch = len(patient_ids) > 1 and not self._manners.one_at_a_time
        if not is_batch or self._is_asked_alone(search):
            return self._find_each(search, patient_ids)
        together: Found | None = None
        try:
            together = self._find_together(search, patient_ids)
            if self._is_believed(search, patient_ids, together):
                return together
        except (EHRRefused, EHRNotFound) as error:
            _log.warning("type_unread", type=search.type, status=error.status)
            found = Found()
            self._note_failure(search, patient_ids, error, found)
            return found
        except (EHRRejected, EHRMisunderstood, EHRCutShort, EHRConflict) as error:
            _log.info("batch_search_failed", type=search.type, status=error.status)
        except EHRUnavailable as error:
            if error.status != _FAULT:
                raise
            _log.info("batch_search_failed", type=search.type, status=error.status)
        found = self._find_each(search, patient_ids)
        self._learn(search, together, found)
        return found

    def _is_asked_alone(self, search: TypeSearch) -> bool:
        # `_id` is another parameter than `patient`, and whoever it does not give is read alone.
        is_by_patient = search.type != "Patient"
        return search.kind in self._one_by_one or (is_by_patient and self._takes_lists is False)

    def _find_together(self, search: TypeSearch, patient_ids: Sequence[str]) -> Found:
        found = Found()
        is_complete = self._ask(search, patient_ids, found)
        if not is_complete:
            raise EHRCutShort(f"A search for {search.type} of several patients is incomplete")
        return found

    def _is_believed(self, search: TypeSearch, patient_ids: Sequence[str], found: Found) -> bool:
        """Whether the answer to a list stands as it is.

        Where only another type proved lists, two of those who are missing are asked alone, once.
        """
        if search.type == "Patient" or search.kind in self._trusted:
            return True
        if self._takes_lists is None:
            return False
        answered = _patients_of(found)
        missing = [i for i in patient_ids if i not in answered][:_PATIENTS_ASKED_ALONE]
        alone = self._find_each(search, missing)
        if alone.resources:
            return False
        for patient_id in alone.unread:
            found.lacks([patient_id], alone.why[patient_id])
        self._trusted.add(search.kind)
        return True

    def _note_proof(self, search: TypeSearch, resources: Iterable[Resource]) -> None:
        """What one answer shows: that ids are known, and of two patients, that lists are."""
        patients = {patient_id_of(resource) for resource in resources}
        if search.type == "Patient" or not patients:
            return
        self._knows_somebody = True
        is_telling = search.type == TELLING_TYPE
        if is_telling and self._manners.one_at_a_time:
            self._is_learning = False
        if len(patients) < 2:
            return
        self._trusted.add(search.kind)
        # Another type speaks for all only where the telling one is not given to us.
        if self._takes_lists is None and (is_telling or not self.answers.has_come(TELLING_TYPE)):
            self._takes_lists = True
        if is_telling:
            self._is_learning = False
            _lists_taken.setdefault(self._client, True)

    def _learn(self, search: TypeSearch, together: Found | None, alone: Found) -> None:
        """What it shows that patients were asked alone after a batch, which failed if None."""
        is_refuted = together is not None and _patients_of(alone) - _patients_of(together)
        if not is_refuted and (together is not None or alone.unread):
            return
        self._one_by_one.add(search.kind)
        if search.type != TELLING_TYPE:
            return
        if is_refuted:
            _log.warning("lists_of_patients_not_understood")
            self._takes_lists = False
            _lists_taken[self._client] = False
        self._is_learning = False

    def _find_each(self, search: TypeSearch, patient_ids: Sequence[str]) -> Found:
        found = Found()
        fault: EHRUnavailable | None = None
        why = FAILED
        came_before = self.answers.has_come(search.type)
        enough = _FAILURES_OF_WHAT_WAS_ANSWERED if came_before else _FAILURES_BEFORE_GIVING_UP
        for number, patient_id in enumerate(patient_ids):
            if number == len(found.unread) == enough:
                found.lacks(patient_ids, why)
                break
            try:
                is_complete = self._ask(search, [patient_id], found)
            except EHRError as error:
                if isinstance(error, EHRUnavailable):
                    fault = error
                    if error.status != _FAULT:
                        raise
                _log.info("patient_search_failed", type=search.type, status=error.status)
                why = self._note_failure(search, [patient_id], error, found)
            else:
                if not is_complete:
                    why = CUT_SHORT
                    found.lacks([patient_id], why)
        if fault is not None and found.unread == set(patient_ids):
            raise fault
        if found.unread:
            _log.warning("type_unread", type=search.type, patients=len(found.unread))
        return found

    def _note_failure(
        self, search: TypeSearch, patient_ids: Sequence[str], error: EHRError, found: Found
    ) -> str:
        """Why; a refusal is remembered, but for that of a login, which may work again at once."""
        why = why_unread(error, self._manners)
        found.lacks(patient_ids, why)
        self.answers.failed(search.type, patient_ids)
        is_login = isinstance(error, EHRLoginRefused)
        if why == REFUSED and not is_login and not search.is_extra:
            self._denials.remember(search.type, patient_ids)
        return why

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
        asked = frozenset(patient_ids)
        try:
            result = self._least(search, asked, self._params(search, patient_ids), post)
        except EHRError as error:
            self._raise_by_code(error)
            raise
        own = [r for r in result.matches if patient_id_of(r) in asked]
        found.resources.update((str(r.get("id") or id(r)), r) for r in own)
        found.dropped += len(result.matches) - len(own)
        self.answers.came(search.type)
        if search.kind not in self._trusted:
            self._note_proof(search, own)
        self._raise_by_code(EHRError("", issues=result.issues))
        return result.is_complete

    def _raise_by_code(self, error: EHRError) -> None:
        """What the product's codes mean, whatever status or severity they came with."""
        if has_code(error, self._manners.never_retry_codes):
            denied = "The EHR withholds a chart from this client by its policy"
            raise EHRRefused(denied, status=error.status, issues=error.issues) from None
        if has_code(error, self._manners.cut_short_codes):
            incomplete = "The EHR says that an answer is incomplete"
            raise EHRCutShort(incomplete, status=error.status, issues=error.issues) from None

    def _least(
        self, search: TypeSearch, asked: frozenset[str], params: dict[str, str], post: bool
    ) -> SearchResult:
        """Only the elements that are read, where this server has shown that it keeps them."""
        wanted = self._elements.asked_for(search.type)
        # Until POST is settled, a refusal of either cannot be told from a refusal of the other.
        if not wanted or self._takes_post is None:
            return self._all_pages(search, asked, params, post)
        try:
            least = self._all_pages(search, asked, params | {"_elements": wanted}, post)
        except (EHRRejected, EHRMisunderstood):
            self._elements.give_up(search.type)
            return self._all_pages(search, asked, params, post)
        is_kept = self._elements.is_proven(search.type) and not lacks_contained(least.matches)
        if is_kept or not least.matches:  # From nothing nothing can have been taken away.
            return least
        whole = self._all_pages(search, asked, params, post)
        self._elements.compare(search.type, least.matches, whole.matches)
        return whole

    def _all_pages(
        self, search: TypeSearch, asked: frozenset[str], params: dict[str, str], post: bool
    ) -> SearchResult:
        return collect(_only_about(asked, self._client.pages(search.type, params, post=post)))

    def _params(self, search: TypeSearch, patient_ids: Sequence[str]) -> dict[str, str]:
        prefix = "" if search.type == "Patient" else self._client.patient_prefix
        ids = ",".join(f"{prefix}{id_}" for id_ in patient_ids)
        params = {search.patient_parameter: ids, **dict(search.besides)}
        if search.codes:
            params[search.by] = ",".join(search.codes)
        if search.type == "Appointment":
            # Only what lies ahead; a day of slack for the time zones of the hospital and of UTC.
            params["date"] = f"ge{datetime.now(UTC).date() - timedelta(days=1)}"
        if search.type != "Patient" or len(patient_ids) > 1:
            params["_count"] = str(self._manners.page_size(search.type, self._page_size))
        return params

    def _that_fit_a_url(
        self, search: TypeSearch, patient_ids: Sequence[str]
    ) -> Iterator[tuple[TypeSearch, Sequence[str]]]:
        """Halve the longer list until the URL is short enough."""
        query = query_string(self._params(search, patient_ids))
        query += self._elements.asked_for(search.type)
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


def _patients_of(found: Found) -> set[str | None]:
    return {patient_id_of(resource) for resource in found.resources.values()}


def _only_about(asked: frozenset[str], pages: Iterable[Page]) -> Iterator[Page]:
    """Stop a search that answers mostly for others: its patient parameter was not understood."""
    for page in pages:
        own = sum(1 for resource in page.matches if patient_id_of(resource) in asked)
        if own * 2 < len(page.matches):
            raise EHRMisunderstood("The EHR answered a search for patients who were not asked for")
        yield page
