"""`boneflag decide`: a decision that was made elsewhere than in the EHR, kept in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import EXIT_SETTINGS, Stop, fhir_id_in, start

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.screening.alert import AlertKind
    from service.screening.record import Decision
    from service.store.decisions import KeptDecision

_DAY = ["%Y-%m-%d"]


def decide(
    patient: Annotated[str, typer.Argument(help="A patient id in the EHR.")],
    reason: Annotated[
        str,
        typer.Option(
            help="A code of the protocol's table of reasons (docs/decisions-by-people.md)."
        ),
    ] = "",
    by: Annotated[
        str, typer.Option(help="Who decided: Practitioner/7, or a role in one word.")
    ] = "",
    until: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Ask again from this day on.")
    ] = None,
    done_on: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="The day of a scan done elsewhere.")
    ] = None,
    about: Annotated[
        str, typer.Option(help="screening, or gap: a known osteoporosis without treatment.")
    ] = "screening",
    take_back: Annotated[
        bool, typer.Option("--take-back", help="Take back every no that stands.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--list", help="Show everything that was decided about this person.")
    ] = False,
) -> None:
    """Keep a person's no that was said elsewhere, take it back, or list all of them."""
    settings = start()
    from service.deciding import Answer, Deciding, DecisionInvalid
    from service.wiring import effective_for, ledger_for, today_for

    fhir_id, kind, at = fhir_id_in(patient), _kind(about), datetime.now(UTC)
    on = today_for(settings)
    with ledger_for(settings) as ledger:
        deciding = Deciding(ledger, effective_for(settings)[0], settings.mode)
        try:
            if show:
                _list(deciding.told(fhir_id))
            elif take_back:
                _tell_taken_back(deciding.take_back(fhir_id, kind, on, at))
            else:
                _refuse_missing(reason, by)
                days = (until and until.date(), done_on and done_on.date())
                answer = Answer(reason, by, kind, *days)
                _tell(*deciding.decide(fhir_id, answer, on, at))
        except DecisionInvalid as fault:
            raise Stop(str(fault), EXIT_SETTINGS) from None


def _kind(about: str) -> AlertKind:
    from service.screening.alert import AlertKind

    kinds = {"screening": AlertKind.SCREENING, "gap": AlertKind.TREATMENT_GAP}
    if about not in kinds:
        raise Stop("--about is screening or gap", EXIT_SETTINGS)
    return kinds[about]


def _refuse_missing(reason: str, by: str) -> None:
    if not reason or not by:
        raise Stop(
            "give --reason CODE and --by WHO, or --take-back, or --list: see `boneflag decide"
            " --help`",
            EXIT_SETTINGS,
        )


def _tell(decision: Decision, is_news: bool) -> None:
    said = f"{decision.kind} ({decision.code}), {_end(decision)}"
    if not is_news:
        typer.echo(f"it was said already: {said}; nothing changes")
        return
    typer.echo(f"noted: {said}; the next look takes down what is shown, in shadow mode nothing")


def _tell_taken_back(count: int) -> None:
    if not count:
        typer.echo("nothing stood that could be taken back: see --list")
        return
    typer.echo(
        f"taken back: {count}; what a Task or a Flag in the EHR still says is read from there"
    )


def _list(kept: Iterable[KeptDecision]) -> None:
    lines = [_line(k) for k in kept]
    for line in lines or ["nothing was decided that the ledger knows of"]:
        typer.echo(line)


def _line(kept: KeptDecision) -> str:
    decision = kept.decision
    where = decision.source.type if decision.source else "said to BoneFlag"
    parts = [
        f"{decision.made_on}  {decision.kind}, {decision.code or decision.reason}",
        decision.about,
        _end(decision),
        f"by {decision.decided_by or 'unknown'}",
        where,
    ]
    if kept.taken_back_at is not None:
        parts.append(f"taken back on {kept.taken_back_at:%Y-%m-%d}")
    return "; ".join(parts)


def _end(decision: Decision) -> str:
    from service.screening.record import NO_END

    return "without an end by date" if decision.until == NO_END else f"until {decision.until}"
