"""Settings -> looks at one person for the pages: the EHR without a writer, and the line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from service.settings import Settings, SettingsInvalid
from service.wiring.ehr import reading_connection_for
from service.wiring.protocol import today_for, vocabulary_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.ehr.connection import EHRConnection
    from service.patient_sheet.looks import PatientLooks
    from service.patient_sheet.reading import ChartRead
    from service.screening.protocol import Protocol
    from service.store.entries import KnownPerson
    from service.store.ledger import Ledger


def patient_looks_for(settings: Settings, ledger: Callable[[], Ledger]) -> PatientLooks:
    """What the patient's page looks with. Nothing is opened before the first look."""
    from service.patient_sheet.looks import PatientLooks
    from service.patient_sheet.reading import read_chart
    from service.patient_sheet.source_link import LinkInvalid, SourceLinks

    try:
        links = SourceLinks(settings.page_source_url)
    except LinkInvalid as fault:
        raise SettingsInvalid(
            f"BONEFLAG_PAGE_SOURCE_URL cannot be used: {fault}. Give one such as"
            " https://ehr.example/open?type={type}&id={id}"
        ) from None
    connection = _one_for_each_thread(settings)

    def read(person: KnownPerson, protocol: Protocol) -> ChartRead:
        on = today_for(settings)
        ehr = connection(protocol.digest)
        return read_chart(person, ehr, ledger(), protocol, site=settings.site_id, on=on)

    return PatientLooks(
        read,
        ledger,
        links,
        today=lambda: today_for(settings),
        zone=settings.zone,
        patience_seconds=settings.page_patience_seconds,
    )


def _one_for_each_thread(settings: Settings) -> Callable[[str], EHRConnection]:
    """A connection remembers what it could not read last, so that no two looks share one.

    It reads by the value sets of one protocol: another digest opens a new one.
    """
    from service.ehr.parse import RecordParser

    opened = threading.local()

    def get(digest: str) -> EHRConnection:
        if getattr(opened, "digest", "") != digest:
            if hasattr(opened, "ehr"):
                opened.ehr.close()
            vocabulary = vocabulary_for(settings)
            build = RecordParser(vocabulary).record
            opened.ehr = reading_connection_for(settings, vocabulary, build)
            opened.digest = digest
        ehr: EHRConnection = opened.ehr
        return ehr

    return get
