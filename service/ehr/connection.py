"""The one face of the EHR that other rooms see.

A newcomer would get one thing wrong: what is asked of the EHR goes through here and nowhere else,
so that the pipeline knows neither searches nor resources, and so that shadow mode has one place
where writing is switched off: a connection without a writer cannot write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from service.ehr.capability import Capability, read_capability
from service.ehr.changes import Changes, changed_since
from service.ehr.client import FHIRClient
from service.ehr.cohort.members import CohortMembers, merged
from service.ehr.reader import BuildRecord, RecordReader
from service.ehr.smart.scopes import Grant
from service.screening.alert import PostedResource
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement, Vocabulary

CohortSource = Callable[[FHIRClient, Vocabulary], CohortMembers]


class EHRConnection:
    """Reads one EHR; writes to it where `apply` was given.

    `cohort_sources` are asked in turn and their members added up. `read_alerts` and `apply` come
    from the writer's side, made by `wiring`; each takes the client, the capability and what the
    caller gives. Raises the errors of `service.ehr.errors`.
    """

    def __init__(
        self,
        client: FHIRClient,
        vocabulary: Vocabulary,
        build: BuildRecord,
        *,
        cohort_sources: Sequence[CohortSource],
        batch_size: int = 60,
        page_size: int = 500,
        prefer_post: bool = True,
        read_alerts: Callable[..., Any] | None = None,
        apply: Callable[..., Any] | None = None,
        retire: Callable[..., Any] | None = None,
    ) -> None:
        self.client = client
        self._vocabulary = vocabulary
        self._build = build
        self._cohort_sources = tuple(cohort_sources)
        self._batch_size = batch_size
        self._page_size = page_size
        self._prefer_post = prefer_post
        self._read_alerts = read_alerts
        self._apply = apply
        self._retire = retire

    def capability(self) -> Capability:
        """What the server says that it can do; asked once for each process."""
        return self._capability

    def grant(self) -> Grant | None:
        """What SMART lets us do of what is needed; None for another login."""
        return self.client.grant()

    def _require_login(self) -> None:
        """EHRRefused where the login server refuses us.

        Each search would raise it too, but a refused search is taken for a type that is closed to
        us, and a chart in which everything is closed for one that nobody can judge.
        """
        self.client.grant()

    @cached_property
    def _capability(self) -> Capability:
        return read_capability(self.client)

    @cached_property
    def _reader(self) -> RecordReader:
        return RecordReader(
            self.client,
            self._capability,
            self._vocabulary,
            batch_size=self._batch_size,
            page_size=self._page_size,
            prefer_post=self._prefer_post,
        )

    def cohort(self) -> CohortMembers:
        """Everybody whom a source names. Where it is incomplete, nobody may be taken to have left.

        A source that refuses or rejects raises: half a cohort is not taken for a cohort.
        """
        return merged(source(self.client, self._vocabulary) for source in self._cohort_sources)

    def read_records(
        self, patient_ids: Sequence[str], needs: Iterable[DataRequirement]
    ) -> Iterator[PatientRecord]:
        """One record for each id; see `RecordReader.read_records`."""
        self._require_login()
        return self._reader.read_records(patient_ids, needs, self._build)

    def why_unread(self, patient_id: str) -> Mapping[str, str]:
        """Why types of the record that was read last are unread; see `RecordReader.why_unread`."""
        return self._reader.why_unread(patient_id)

    def changed_since(self, needs: Iterable[DataRequirement], since: datetime) -> Changes:
        """Who changed; see `changes.changed_since`."""
        self._require_login()
        return changed_since(
            self.client,
            self._capability,
            self._vocabulary,
            needs,
            since,
            page_size=self._page_size,
        )

    def read_alerts(self, *args: Any, **kwargs: Any) -> Any:
        """Our alerts as the EHR shows them; RuntimeError where nothing was wired for it."""
        if self._read_alerts is None:
            raise RuntimeError("This connection was made without a reader of alerts")
        self._require_login()
        return self._read_alerts(self.client, self._capability, *args, **kwargs)

    def apply(self, *args: Any, **kwargs: Any) -> Any:
        """Carry out a plan; RuntimeError in shadow mode, where no writer is wired."""
        if self._apply is None:
            raise RuntimeError("This connection cannot write: BoneFlag runs in shadow mode")
        return self._apply(self.client, self._capability, *args, **kwargs)

    def retire(self, duplicates: Iterable[PostedResource]) -> Any:
        """Mark spare resources of ours as entered in error; RuntimeError in shadow mode."""
        if self._retire is None:
            raise RuntimeError("This connection cannot write: BoneFlag runs in shadow mode")
        return self._retire(self.client, self._capability, duplicates)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
