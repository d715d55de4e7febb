"""`boneflag explain`: what BoneFlag thinks about one patient."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.saving import Save, saving
from service.cli.speaking import EXIT_SETTINGS, Stop, day_of, fhir_id_in, start
from service.settings import Settings

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from zoneinfo import ZoneInfo

    from service.store.decisions import KeptDecision
    from service.store.entries import AlertEntry
    from service.store.ledger import Ledger
    from service.thought import Thought

Remembered = tuple[tuple["AlertEntry", ...], tuple["KeptDecision", ...]]
_NOTHING: Remembered = ((), ())


def explain(
    patient: Annotated[
        str, typer.Argument(help="A FHIR Bundle in a JSON file, or a patient id in the EHR.")
    ],
    on: Annotated[str | None, typer.Option(help="Judge on this date, YYYY-MM-DD.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Save it with its timeline as one new file, for a browser or a mail."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Save the timeline as a new file, .svg or .png.")
    ] = None,
) -> None:
    """Explain what BoneFlag thinks about one patient, and what it would do.

    Writes nothing but the files that are named. They are about a patient: keep them so.
    """
    settings = start()
    day = day_of(on, settings)
    with saving(html, picture) as save:
        thought, answer, remembered = _explained(patient, settings, day)
        if html or picture:
            _save(save, thought, answer, remembered, settings)
    if as_json:
        typer.echo(json.dumps(answer, default=str, ensure_ascii=False))
    elif html or picture:
        for path in filter(None, (html, picture)):
            typer.echo(f"{path} is saved, readable by you alone; it is about a patient")
    else:
        from service.printing import print_explanation

        print_explanation(thought, answer)


def _explained(
    patient: str, settings: Settings, day: date
) -> tuple[Thought, dict[str, Any], Remembered]:
    path = Path(patient)
    if _is_file(path):
        return (*_explain_file(path, settings, day), _NOTHING)
    if patient.endswith(".json"):
        raise Stop(f"{patient} does not exist: give the path of a FHIR Bundle", EXIT_SETTINGS)
    return _explain_patient(patient, settings, day)


def _save(
    save: Save,
    thought: Thought,
    answer: dict[str, Any],
    remembered: Remembered,
    settings: Settings,
) -> None:
    from service.paper.explanation import Explained, explanation_file
    from service.timeline import events_of
    from service.wiring import protocol_for

    protocol, (alerts, decisions) = protocol_for(settings), remembered
    on = thought.assessment.on
    timeline = events_of(thought.record, protocol, on, alerts=alerts, decisions=decisions)
    explained = Explained(thought, answer, timeline, protocol)
    save(lambda: explanation_file(explained), explained.draw)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # Such as a name that is too long for a file.
        return False


def _explain_file(path: Path, settings: Settings, day: date) -> tuple[Thought, dict[str, Any]]:
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


def _explain_patient(
    patient: str, settings: Settings, day: date
) -> tuple[Thought, dict[str, Any], Remembered]:
    from service.audit_looks import record_look
    from service.explain_patient import explain_patient
    from service.wiring import connection_for, delivery_for, ledger_for, protocol_for

    fhir_id, protocol = fhir_id_in(patient), protocol_for(settings)
    ehr = connection_for(settings)
    with ledger_for(settings) as ledger:
        record_look(ledger, "explain", [fhir_id], protocol, datetime.now(UTC))
        remembered = _remembered(ledger, fhir_id, settings.zone)
    thought, answer = explain_patient(
        fhir_id,
        ehr,
        protocol,
        delivery_for(settings),
        site=settings.site_id,
        on=day,
        at=datetime.now(UTC),
    )
    return thought, answer, remembered


def _remembered(ledger: Ledger, fhir_id: str, zone: ZoneInfo) -> Remembered:
    """The alerts and decisions of a timeline that only the ledger has in full."""
    key = ledger.cohort.keys_of([fhir_id])[fhir_id]
    alerts, decisions = ledger.alerts.history([key]), ledger.decisions.kept([key])
    return tuple(alerts.get(key, ())), tuple(one.seen_in(zone) for one in decisions.get(key, ()))
