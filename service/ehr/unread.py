"""Why something could not be read, and whether that concerns one patient or everybody here.

A newcomer would get two things wrong. A type that this EHR never gives to us is not the same as
one that it gives and withholds from this patient: the first is known beforehand and told
(specification, section 7), the second may hide the very order or therapy that would have kept an
alert from opening. And a refusal is final: whoever was refused is not asked about again in the same
run, neither alone after a batch nor when the batch comes back (integration notes 1.2: a policy
denial is never retried and never routed around).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from service.ehr.errors import (
    EHRCutShort,
    EHRError,
    EHRNotFound,
    EHRRefused,
)
from service.ehr.manners import Manners

REFUSED, NOT_THERE, CUT_SHORT, FAILED = "refused", "not there", "cut short", "failed"
MERGED = "merged into another"
NOT_LISTED = "not in the capability statement"
NOT_GRANTED = "not granted to this client"
RESTRICTED = "granted in part only"
"""Why something is unread, for `boneflag survey`."""

# Known before anybody is asked, and the same for everybody.
_FOR_EVERYBODY = frozenset({NOT_LISTED, NOT_GRANTED, RESTRICTED})
# Something came, or somebody in particular is concerned: this is never "not offered here".
_FOR_ONE = frozenset({CUT_SHORT, MERGED})
_PATIENTS_THAT_TELL = 3
_DENIED_FOR_SECONDS = 1800.0
_MOST_DENIALS = 50_000


def why_unread(error: EHRError, manners: Manners) -> str:
    """What went wrong, in the words above."""
    if has_code(error, manners.merged_codes):
        return MERGED
    if isinstance(error, EHRRefused):
        return REFUSED
    if isinstance(error, EHRNotFound):
        return NOT_THERE
    return CUT_SHORT if isinstance(error, EHRCutShort) else FAILED


def has_code(error: EHRError, codes: frozenset[str]) -> bool:
    """Whether an issue of the answer carries one of the product's codes."""
    return bool(codes) and any(issue.detail_code in codes for issue in error.issues)


class Answers:
    """Which types this server has answered for, and for how many patients it has not.

    It is kept for the life of the process. A type counts as closed to everybody only when several
    patients were tried and none was ever answered: one refusal alone says nothing about the others.
    """

    def __init__(self) -> None:
        self._answered: set[str] = set()
        self._failed: dict[str, set[str]] = {}
        self._lock = Lock()

    def came(self, type_: str) -> None:
        """A search for this type was answered."""
        if type_ not in self._answered:
            with self._lock:
                self._answered.add(type_)
                self._failed.pop(type_, None)

    def failed(self, type_: str, patient_ids: Iterable[str]) -> None:
        """A search for this type was not answered for these patients."""
        with self._lock:
            failed = self._failed.setdefault(type_, set())
            if type_ not in self._answered and len(failed) < _PATIENTS_THAT_TELL:
                failed.update(patient_ids)

    def has_come(self, type_: str) -> bool:
        """Whether this type was ever answered."""
        return type_ in self._answered

    def is_withheld(self, type_: str, why: str) -> bool:
        """Whether a type that is unread for a patient is one that others are read in."""
        if why in _FOR_EVERYBODY:
            return False
        if why in _FOR_ONE or type_ in self._answered:
            return True
        return len(self._failed.get(type_, ())) < _PATIENTS_THAT_TELL


class Denials:
    """Who was refused what, remembered for half an hour: longer than a batch needs to come back.

    The patients' ids stay in the memory of this process.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[tuple[object, str], float] = {}
        self._lock = Lock()

    def remember(self, search: object, patient_ids: Iterable[str]) -> None:
        """These patients were refused; `search` is what was asked for."""
        now = self._clock()
        with self._lock:
            if len(self._since) > _MOST_DENIALS:
                self._since.clear()
            self._since.update(((search, id_), now) for id_ in patient_ids)

    def among(self, search: object, patient_ids: Sequence[str]) -> set[str]:
        """Those of the patients who were refused this lately."""
        if not self._since:
            return set()
        since = self._clock() - _DENIED_FOR_SECONDS
        return {i for i in patient_ids if self._since.get((search, i), since) > since}
