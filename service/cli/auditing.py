"""`boneflag audit`: whether the record of what was done is whole, what it says, and its export."""

from __future__ import annotations

import json
import socket
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import (
    EXIT_SETTINGS,
    EXIT_STORE,
    Stop,
    fhir_id_in,
    speaks_plainly,
    start,
)

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from zoneinfo import ZoneInfo

    from service.audit_chain import ChainCheck

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The record of each access to a chart and each write (docs/audit.md).",
)
_TOLD_EVERY = 10_000
_Since = Annotated[str | None, typer.Option(help="From this day on, YYYY-MM-DD.")]


@app.command()
@speaks_plainly
def verify(
    expect: Annotated[
        str, typer.Option(help="A hash that you wrote down; a row must have it.")
    ] = "",
) -> None:
    """Say whether the record is whole, or which row is the first that does not fit."""
    settings = start()
    from service.audit_chain import check_chain
    from service.wiring import ledger_for

    with ledger_for(settings) as ledger, ledger.audit.chain() as chain:
        found = check_chain(chain, expect.strip().lower())
    if found.broken is not None:
        broken = found.broken
        day = f" of {broken.at.astimezone(settings.zone):%Y-%m-%d}" if broken.at else ""
        raise Stop(
            f"the audit does not hold at number {broken.number}{day}: {broken.why}. Keep the"
            " database as it is, and compare it with a backup (docs/audit.md)",
            EXIT_STORE,
        )
    for line in _told(found, settings.zone):
        typer.echo(line)


def _told(found: ChainCheck, zone: ZoneInfo) -> list[str]:
    if not found.rows:
        return ["nothing was written down yet"]
    ends = [f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (found.first_at, found.last_at) if at]
    lines = [
        f"the audit holds: {found.rows} rows, number {found.start.number + 1} to"
        f" {found.end.number}, from {' to '.join(ends)}"
    ]
    if found.start.number:
        lines.append(f"the rows up to {found.start.number} were purged after their span")
    lines.append(
        "rows that were cut off at the end show only to whoever knows a hash from before: write"
        " this one down outside of the database, for `boneflag audit verify --expect`"
    )
    return [*lines, found.end.hash]


@app.command()
@speaks_plainly
def patient(
    patient: Annotated[str, typer.Argument(metavar="ID", help="A patient id in the EHR.")],
    since: _Since = None,
) -> None:
    """Say what was done about one person, in sentences. This too is written down."""
    settings = start()
    from service.audit_sentences import sentence_of
    from service.store.acts import Act
    from service.wiring import ledger_for

    fhir_id = fhir_id_in(patient)
    first = _day("--since", since, settings.zone)
    with ledger_for(settings) as ledger:
        keys = ledger.audit.keys_of(fhir_id)
        if not keys:
            raise Stop(
                "nobody with this id is known here: never read, or forgotten since", EXIT_SETTINGS
            )
        rows = ledger.audit.about(keys, first)
        ledger.audit.record([Act("show-audit", keys[0])])
    for row in rows:
        typer.echo(sentence_of(row, settings.zone))
    typer.echo(f"{len(rows)} entries", err=True)


@app.command()
@speaks_plainly
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.ndjson", help="A new file.")],
    since: _Since = None,
    until: Annotated[str | None, typer.Option(help="Up to and with this day.")] = None,
) -> None:
    """Write the record as FHIR AuditEvents (IHE BALP), one a line. This too is written down."""
    settings = start()
    from service.audit_events import Source, events_of
    from service.names_file import opened_names_file
    from service.store.acts import Act
    from service.wiring import ledger_for

    first, last = _day("--since", since, settings.zone), _day("--until", until, settings.zone)
    end = None if last is None else last + timedelta(days=1)
    source = Source(settings.site_id, socket.gethostname(), settings.fhir_base_url or "unknown")
    rows = 0
    try:
        with ledger_for(settings) as ledger, opened_names_file(file) as out:
            fhir_ids = ledger.audit.fhir_ids()
            # Told before a line is written: whoever stops it in the middle has read the first part.
            ledger.audit.record([Act("export", detail=_span(since, until))])
            for row in ledger.audit.rows(first, end):
                for event in events_of(row, fhir_ids, source):
                    out.write(json.dumps(event, ensure_ascii=False) + "\n")
                rows += 1
                if rows % _TOLD_EVERY == 0:
                    typer.echo(f"{rows} rows written", err=True)
    except OSError as error:
        raise Stop(f"{file} cannot be written: {error.strerror}", EXIT_SETTINGS) from None
    typer.echo(f"{rows} rows written; the file leads to patients", err=True)


def _span(since: str | None, until: str | None) -> str:
    return " ".join(
        f"{name} {day}" for name, day in (("since", since), ("until", until)) if day is not None
    )


def _day(name: str, text: str | None, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day at the hospital, as an instant."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Stop(f"{name} {text!r} is not a date: write YYYY-MM-DD", EXIT_SETTINGS) from None
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
