"""`boneflag protocol`: what a clinical lead types to read, change, check and try the protocol.

Exit codes: 1 where a check found an error or a case came out otherwise than expected, 2 where a
file or a setting cannot be understood.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.speaking import EXIT_DIFFERS, day_of, speaks_plainly, text_of
from service.settings import Settings, load_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Read, check and try the protocol, with the hospital's overlay.",
)

_Overlay = Annotated[
    Path | None,
    typer.Option("--overlay", help="An overlay file; by default BONEFLAG_PROTOCOL_OVERLAY."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _settings(overlay: Path | None) -> Settings:
    """The settings, with the overlay that was named instead of the configured one."""
    settings = load_settings()
    if overlay is None:
        return settings
    return settings.model_copy(update={"protocol_overlay": str(overlay)})


@app.command()
@speaks_plainly
def check(
    overlay: _Overlay = None,
    on: Annotated[str | None, typer.Option(help="Check as on this date, YYYY-MM-DD.")] = None,
    as_json: _Json = False,
) -> None:
    """Check what the protocol means: codes, thresholds, reach, silenced criteria, approval."""
    from service.protocol_bench.check import check_protocol
    from service.protocol_bench.printing import print_remarks
    from service.protocol_bench.remark import Level
    from service.screening.protocol import packaged_document
    from service.wiring import overlay_for, shipped_vocabulary_for

    settings = _settings(overlay)
    remarks = check_protocol(
        packaged_document(),
        shipped_vocabulary_for(settings),
        overlay_for(settings),
        day_of(on, settings),
    )
    if as_json:
        typer.echo(json.dumps([r.as_json() for r in remarks], ensure_ascii=False))
    else:
        print_remarks(remarks)
    if any(r.level is Level.ERROR for r in remarks):
        raise typer.Exit(EXIT_DIFFERS)


@app.command()
@speaks_plainly
def test(
    cases: Annotated[Path, typer.Argument(help="Invented people with what is expected (YAML).")],
    overlay: _Overlay = None,
    as_json: _Json = False,
) -> None:
    """Try the protocol on invented people, and explain each difference from what is expected."""
    from service.protocol_bench.cases import cases_from
    from service.protocol_bench.printing import print_outcomes
    from service.protocol_bench.trial import try_case
    from service.wiring import configured_for

    protocol, vocabulary = configured_for(_settings(overlay))
    outcomes = [try_case(case, protocol, vocabulary) for case in cases_from(text_of(cases))]
    if as_json:
        typer.echo(json.dumps([_outcome_json(o) for o in outcomes], ensure_ascii=False))
    else:
        print_outcomes(outcomes)
    if not all(o.is_as_expected for o in outcomes):
        raise typer.Exit(EXIT_DIFFERS)


def _outcome_json(outcome: Any) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "status": outcome.status,
        "as_expected": outcome.is_as_expected,
        "differences": list(outcome.differences),
    }


@app.command()
@speaks_plainly
def show(overlay: _Overlay = None, as_json: _Json = False) -> None:
    """Show the effective protocol, what the overlay changed, and its digest."""
    from service.protocol_bench.effective import protocol_json
    from service.protocol_bench.printing import print_protocol
    from service.screening.protocol import packaged_document
    from service.wiring import configured_for, overlay_for

    settings = _settings(overlay)
    protocol, _ = configured_for(settings)
    answer = protocol_json(protocol, packaged_document(), overlay_for(settings))
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, default=str))
    else:
        print_protocol(answer)
