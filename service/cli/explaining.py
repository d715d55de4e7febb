"""`boneflag explain`: what BoneFlag thinks about one patient."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.speaking import EXIT_SETTINGS, Stop, day_of, fhir_id_in, start
from service.settings import Settings


def explain(
    patient: Annotated[
        str, typer.Argument(help="A FHIR Bundle in a JSON file, or a patient id in the EHR.")
    ],
    on: Annotated[str | None, typer.Option(help="Judge on this date, YYYY-MM-DD.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explain what BoneFlag thinks about one patient, and what it would do. Writes nothing."""
    settings = start()
    day = day_of(on, settings)
    path = Path(patient)
    if _is_file(path):
        thought, answer = _explain_file(path, settings, day)
    elif patient.endswith(".json"):
        raise Stop(f"{patient} does not exist: give the path of a FHIR Bundle", EXIT_SETTINGS)
    else:
        thought, answer = _explain_patient(patient, settings, day)
    if as_json:
        typer.echo(json.dumps(answer, default=str, ensure_ascii=False))
    else:
        from service.printing import print_explanation

        print_explanation(thought, answer)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # Such as a name that is too long for a file.
        return False


def _explain_file(path: Path, settings: Settings, day: date) -> tuple[Any, dict[str, Any]]:
    from service.explain_file import explain_file
    from service.wiring import delivery_for, protocol_for, vocabulary_for

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}", EXIT_SETTINGS) from None
    return explain_file(
        raw,
        protocol_for(settings),
        vocabulary_for(settings),
        delivery_for(settings),
        site=settings.site_id,
        on=day,
        at=datetime.now(UTC),
    )


def _explain_patient(patient: str, settings: Settings, day: date) -> tuple[Any, dict[str, Any]]:
    from service.audit_looks import record_look
    from service.explain_patient import explain_patient
    from service.wiring import connection_for, delivery_for, ledger_for, protocol_for

    fhir_id, protocol = fhir_id_in(patient), protocol_for(settings)
    ehr = connection_for(settings)
    with ledger_for(settings) as ledger:
        record_look(ledger, "explain", [fhir_id], protocol, datetime.now(UTC))
    return explain_patient(
        fhir_id,
        ehr,
        protocol,
        delivery_for(settings),
        site=settings.site_id,
        on=day,
        at=datetime.now(UTC),
    )
