"""Reading with the access that a CDS Hooks request lends us, for what its prefetch lacks.

A newcomer would get three things wrong. The token is the clinician's, for this call: it goes to the
EHR that we are configured for and to no other server, whatever the request says. Types outside its
scopes are not asked for. And a clinician waits: nothing is repeated, and who calls this gives up
after a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.ehr.bundle import Resource
from service.ehr.capability import Capability, capability_from, read_statement
from service.ehr.client import FHIRClient
from service.ehr.manners import Manners
from service.ehr.origin import origin_of
from service.ehr.prefetch import BroughtChart
from service.ehr.reader import RecordReader
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement, Vocabulary

_READS = re.compile(r"(?:user|patient|system)/(\*|[A-Za-z]+)\.(?:\*|read|c?ru?d?s)")
"""A scope that reads a type whole: v1, or v2 with both letters and without a filter."""


@dataclass(frozen=True, slots=True, repr=False)
class LentAccess:
    """`fhirAuthorization` of a request, with its `fhirServer`."""

    server: str
    token: str
    scopes: str
    patient_id: str = ""


OpenClient = Callable[[str], FHIRClient]
"""A client of our EHR with the access token given."""


class LentReading:
    """Reads charts of the configured EHR with access that others lend. Thread safe."""

    def __init__(self, base_url: str, vocabulary: Vocabulary, open_client: OpenClient) -> None:
        self._base_url = base_url.rstrip("/")
        self._vocabulary = vocabulary
        self._open = open_client
        self._capability: Capability | None = None

    def is_possible(self, lent: LentAccess, patient_id: str) -> bool:
        """Whether this access is to our EHR, and to this patient where it names one."""
        try:
            is_ours = origin_of(lent.server) == origin_of(self._base_url)
        except ValueError:
            return False
        return is_ours and bool(lent.token) and lent.patient_id in ("", patient_id)

    def read(
        self, lent: LentAccess, patient_id: str, needs: Iterable[DataRequirement]
    ) -> BroughtChart:
        """What the token lets us read of these needs; EHRError where the EHR cannot answer."""
        granted = {m[1] for scope in lent.scopes.split() if (m := _READS.fullmatch(scope))}
        wanted = tuple(needs)
        asked = [need for need in wanted if {need.type, "*"} & granted]
        unasked = frozenset(need.type for need in wanted) - {need.type for need in asked}
        if not asked:
            return BroughtChart(patient_id, {}, {}, unasked)
        with self._open(lent.token) as client:
            found = _read(client, self._capability_of(client), self._vocabulary, patient_id, asked)
        return BroughtChart(patient_id, found.resources, found.medications, found.unread | unasked)

    def _capability_of(self, client: FHIRClient) -> Capability:
        """Asked once for each process."""
        if self._capability is None:
            self._capability = capability_from(read_statement(client))
        return self._capability


def _read(
    client: FHIRClient,
    capability: Capability,
    vocabulary: Vocabulary,
    whose: str,
    needs: Sequence[DataRequirement],
) -> BroughtChart:
    found: list[BroughtChart] = []

    def keep(
        patient_id: str,
        resources: Mapping[str, Sequence[Resource]],
        medications: Mapping[str, Resource],
        unread: frozenset[str],
        read_at: datetime,
    ) -> PatientRecord:
        found.append(BroughtChart(patient_id, resources, medications, unread))
        return PatientRecord(ResourceRef("Patient", patient_id), read_at=read_at)

    manners = Manners(one_at_a_time=True)
    reader = RecordReader(client, capability, vocabulary, batch_size=1, manners=manners)
    for _ in reader.read_records([whose], needs, keep):
        pass
    return found[0]
