"""What a record said before somebody took part of it back.

An alert that stood on a diagnosis or a finding which was refuted or entered in error should never
have been there; one whose reason has merely passed should. Only the earlier reading tells which
(specification 3.5). Medicines are left as they are: a record of one does not say whether it was
taken back or never given.
"""

from __future__ import annotations

from dataclasses import replace

from service.screening.record import PatientRecord


def before_corrections(record: PatientRecord) -> PatientRecord:
    """The record as if nothing about patient or relatives had been refuted or entered in error;
    the same one where nothing had."""
    if not _was_corrected(record):
        return record
    return replace(
        record,
        conditions=tuple(
            replace(c, verification="confirmed")
            if c.verification in ("refuted", "entered-in-error")
            else c
            for c in record.conditions
        ),
        observations=tuple(
            replace(o, status="final") if o.status == "withdrawn" else o
            for o in record.observations
        ),
        family=tuple(
            replace(m, status="usable") if m.status == "withdrawn" else m for m in record.family
        ),
    )


def _was_corrected(record: PatientRecord) -> bool:
    return (
        any(c.verification in ("refuted", "entered-in-error") for c in record.conditions)
        or any(o.status == "withdrawn" for o in record.observations)
        or any(m.status == "withdrawn" for m in record.family)
    )
