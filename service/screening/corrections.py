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
    """The record as if no diagnosis or observation in it had been refuted or entered in error."""
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
    )
