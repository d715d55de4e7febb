"""`boneflag withdraw`: the hospital takes alerts back.

Without --yes it only shows what it would do. With it, nothing is told again before somebody says
so; then alert by alert is taken back. Whatever interrupts it, --resume goes on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import (
    EXIT_REJECTED,
    EXIT_SETTINGS,
    EXIT_UNAVAILABLE,
    Stop,
    fhir_id_in,
    start,
)
from service.settings import Settings

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.store.ledger import Ledger
    from service.store.selected_alerts import Selection
    from service.store.withdrawals import Preview, Withdrawal

_SHORTEST_DIGEST = 8
_LONGEST_TEXT = 200


def withdraw(
    protocol: Annotated[
        str, typer.Option(metavar="DIGEST", help="Alerts told by this protocol, or its beginning.")
    ] = "",
    since: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Alerts told on this day or later.")
    ] = "",
    patient: Annotated[
        str, typer.Option(metavar="ID", help="The alerts of one patient, by the id in the EHR.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="All alerts.")] = False,
    reason: Annotated[
        str, typer.Option(help="Why, for those who read the Task; name no patient in it.")
    ] = "",
    by: Annotated[str, typer.Option("--by", help="Who answers for it.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it, rather than show it.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the withdrawal that was interrupted.")
    ] = False,
    although_paused: Annotated[
        bool, typer.Option("--although-paused", help="Also while BoneFlag is paused.")
    ] = False,
) -> None:
    """Take alerts back: entered in error in the EHR, closed in the ledger."""
    settings = start()
    from service.wiring import ledger_for, today_for

    asked = [bool(protocol), bool(since), bool(patient), everything]
    if resume == any(asked) or sum(asked) > 1:
        raise Stop(
            "say which alerts: one of --protocol, --since, --patient and --all; or --resume alone",
            EXIT_SETTINGS,
        )
    with ledger_for(settings) as ledger:
        if resume:
            _may_write(settings, ledger, although_paused=although_paused)
            _go_on(settings, ledger, _unfinished(ledger))
            return
        selection = _selection(ledger, protocol, since, patient)
        preview = ledger.withdrawals.preview(selection)
        _show(selection, preview)
        if preview.is_empty:
            return
        if not yes:
            typer.echo("nothing was changed: --yes with --reason and --by takes them back")
            return
        if not reason.strip() or not by.strip():
            raise Stop("--reason and --by are needed: who takes them back, and why", EXIT_SETTINGS)
        _may_write(settings, ledger, although_paused=although_paused)
        words = (reason[:_LONGEST_TEXT], by[:_LONGEST_TEXT])
        withdrawal = _opened(ledger, selection, *words, today_for(settings))
        _go_on(settings, ledger, withdrawal)


def _selection(ledger: Ledger, protocol: str, since: str, patient: str) -> Selection:
    from service.store.selected_alerts import Selection

    if protocol:
        return Selection(protocol_digest=_digest(ledger, protocol))
    if since:
        try:
            return Selection(since=date.fromisoformat(since))
        except ValueError:
            raise Stop(
                f"--since {since!r} is not a date: write YYYY-MM-DD", EXIT_SETTINGS
            ) from None
    if patient:
        fhir_id = fhir_id_in(patient)
        key = ledger.cohort.keys_of([fhir_id]).get(fhir_id)
        if key is None:
            raise Stop("the ledger knows no patient with this id", EXIT_SETTINGS)
        return Selection(patient_key=key)
    return Selection()


def _digest(ledger: Ledger, typed: str) -> str:
    """The whole digest of what was typed, which may be its beginning, with or without sha256:."""
    bare = typed.removeprefix("sha256:")
    digests = ledger.withdrawals.digests()
    found = [d for d in digests if d.removeprefix("sha256:").startswith(bare)]
    if len(found) == 1 and len(bare) >= _SHORTEST_DIGEST:
        return found[0]
    told = "; ".join(digests) or "none"
    raise Stop(
        f"--protocol names {len(found) or 'no'} protocol(s) by which an open alert was told; give"
        f" at least {_SHORTEST_DIGEST} characters of one of: {told}",
        EXIT_SETTINGS,
    )


def _show(selection: Selection, preview: Preview) -> None:
    typer.echo(f"{selection.words}: {sum(preview.alerts.values())} of {preview.people} people")
    for (state, channel, digest), number in sorted(preview.alerts.items()):
        told = f"by {channel or 'a channel that is not known'}"
        typer.echo(f"  {number} {state}, {told}, protocol {digest or 'not known'}")
    if preview.unsent_plans:
        typer.echo(f"  {preview.unsent_plans} planned and not sent: they leave the outbox")
    if preview.is_empty:
        typer.echo("nothing to take back")


def _may_write(settings: Settings, ledger: Ledger, *, although_paused: bool) -> None:
    if settings.mode != "live":
        raise Stop(
            "in shadow mode nothing is written to the EHR: run this with BONEFLAG_MODE=live",
            EXIT_SETTINGS,
        )
    if ledger.switches.paused() is not None and not although_paused:
        raise Stop("BoneFlag is paused: say --although-paused, or resume it first", EXIT_SETTINGS)


def _opened(ledger: Ledger, selection: Selection, reason: str, by: str, on: date) -> Withdrawal:
    from service.withdrawing_for_good import keep_quiet

    at = datetime.now(UTC)
    typer.echo(keep_quiet(ledger, selection, by.strip(), at, on), err=True)
    number = ledger.withdrawals.open(selection, reason.strip(), by.strip(), at)
    withdrawal = ledger.withdrawals.get(number)
    assert withdrawal is not None  # noqa: S101 - for the type checker: it was made a line above
    return withdrawal


def _unfinished(ledger: Ledger) -> Withdrawal:
    withdrawal = ledger.withdrawals.unfinished()
    if withdrawal is None:
        raise Stop("no withdrawal was interrupted: there is nothing to resume", EXIT_SETTINGS)
    ledger.withdrawals.try_again(withdrawal.id, datetime.now(UTC))
    return withdrawal


def _go_on(settings: Settings, ledger: Ledger, withdrawal: Withdrawal) -> None:
    from service.ehr.errors import EHRUnavailable
    from service.wiring import channels_for
    from service.withdrawing import Withdrawing

    ehr, open_channel = channels_for(settings)
    number = len(ledger.withdrawals.todo(withdrawal.id))
    try:
        with _progress(number) as tell:
            Withdrawing(
                ledger,
                withdrawal,
                open_channel,
                # Its date is the hospital's day.
                now=lambda: datetime.now(settings.zone),
                wait=time.sleep,
                tell=tell,
            ).carry_out()
    except EHRUnavailable:
        left = len(ledger.withdrawals.todo(withdrawal.id))
        raise Stop(
            f"the EHR went away with {left} of {number} alerts still to be taken back:"
            " `boneflag withdraw --resume` goes on when it is back",
            EXIT_UNAVAILABLE,
        ) from None
    finally:
        ehr.close()
    _tell(ledger, withdrawal.id)


def _tell(ledger: Ledger, number: int) -> None:
    withdrawal = ledger.withdrawals.get(number)
    counts = withdrawal.counts if withdrawal else {}
    typer.echo(
        f"withdrawal {number}: {counts.get('done', 0)} taken back, {counts.get('left', 0)} left as"
        f" they are, {counts.get('failed', 0)} failed"
    )
    for problem, many in sorted(withdrawal.problems.items() if withdrawal else ()):
        typer.echo(f"  {many}: {problem}")
    if counts.get("failed"):
        raise Stop(
            "some alerts could not be taken back: look at the reasons above, then say"
            " `boneflag withdraw --resume`",
            EXIT_REJECTED,
        )


@contextmanager
def _progress(number: int) -> Iterator[Callable[[], None]]:
    """Counts alerts, with a bar on a terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Taking back", total=number)
        yield lambda: bar.advance(task)
