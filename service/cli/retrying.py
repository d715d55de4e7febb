"""`boneflag retry`: what was given up, by reason and number, and to judge it anew."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import EXIT_SETTINGS, Stop, start

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from collections.abc import Iterator

    from service.dead_letters import Wanted
    from service.store.dead_letters import GivenUp
    from service.store.ledger import Ledger


def retry(
    run: Annotated[int | None, typer.Option(help="Only what this run gave up.")] = None,
    people: Annotated[bool, typer.Option("--people", help="Only people.")] = False,
    plans: Annotated[bool, typer.Option("--plans", help="Only alerts.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Judge them anew.")] = False,
) -> None:
    """Show who and what was given up, and why; with --yes they are read and judged anew."""
    settings = start()
    from service.dead_letters import Wanted
    from service.dead_letters import retry as make_due
    from service.going_live.leave import GoingLive
    from service.wiring import ledger_for, protocol_for

    wanted = Wanted(people=people or not plans, plans=plans or not people, run_id=run)
    with ledger_for(settings) as ledger:
        _refuse_unknown_run(ledger, run)
        for sentence in sentences(ledger.dead_letters.count(run), wanted):
            typer.echo(sentence)
        if not yes:
            typer.echo(
                "`boneflag retry --yes` reads and judges these people anew; so does the next"
                " sweep. Mend the cause first"
            )
            return
        going_live = GoingLive(ledger, settings.mode)
        digest = protocol_for(settings).digest
        begun = make_due(ledger, wanted, going_live, digest, datetime.now(UTC))
        missing = going_live.leave(digest).missing
    typer.echo(
        "nobody is judged anew"
        if begun is None
        else f"people judged anew: {begun.patients}, by run {begun.run_id}; the workers begin"
        " within a minute, and `boneflag report` shows how it went"
    )
    if begun is not None and missing:
        typer.echo(f"nothing of it is written: {missing}")


def sentences(found: GivenUp, wanted: Wanted) -> Iterator[str]:
    """What was given up, for a person; nobody can be told from it."""
    if wanted.people:
        yield f"people who could not be judged: {sum(found.people.values())}"
        for problem, number in sorted(found.people.items()):
            yield f"  {number}  {problem}"
    if wanted.plans:
        yield f"changes that the EHR did not take: {sum(found.plans.values())}"
        for (action, problem), number in sorted(found.plans.items()):
            yield f"  {number}  {action}: {problem}"
    if wanted.plans and found.unknown:
        yield (
            f"alerts of which nobody knows whether they arrived: {found.unknown}. They are not"
            " sent again; `boneflag ledger settle` says whether they came"
        )


def _refuse_unknown_run(ledger: Ledger, run: int | None) -> None:
    if run is not None and ledger.runs.get(run) is None:
        raise Stop(f"there is no run {run}: `boneflag report` lists the last ones", EXIT_SETTINGS)
