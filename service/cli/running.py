"""The commands of whoever installs and runs it: look at the EHR, screen, deliver, work, demo."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from service.cli.speaking import (
    EXIT_REJECTED,
    EXIT_SETTINGS,
    EXIT_UNAVAILABLE,
    Stop,
    fhir_id_in,
    start,
)
from service.settings import Settings

if TYPE_CHECKING:
    from service.store.entries import Run
    from service.store.ledger import Ledger


_PAGES_MINUTES = 30.0


def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what this EHR offers, what will be used, and what is missing."""
    settings = start()
    from service.audit_looks import record_look
    from service.checking import check_ehr
    from service.going_live.leave import leave_of
    from service.printing import print_check
    from service.wiring import approval_for, connection_for, ledger_for, protocol_for

    protocol = protocol_for(settings)

    def look(ids: Sequence[str]) -> None:
        with ledger_for(settings) as ledger:
            record_look(ledger, "read", ids, protocol, datetime.now(UTC), "check")

    ehr = connection_for(settings)
    ehr.ignore_pause()  # Whoever is about to resume wants to know whether it would work.
    report = check_ehr(ehr, protocol, settings, look)
    written = leave_of(settings.mode, approval_for(settings), protocol.digest).sentence()
    if as_json:
        typer.echo(json.dumps(report.as_json() | {"going_live": written}, ensure_ascii=False))
    else:
        print_check(report)
        typer.echo(f"going live: {written}")
    if not report.can_work:
        raise Stop(report.why_not, EXIT_SETTINGS if report.is_settings else EXIT_REJECTED)


def sweep(
    inline: Annotated[
        bool, typer.Option("--inline", help="Work in this process instead of the queue.")
    ] = False,
) -> None:
    """Screen the whole cohort."""
    _run("sweep", inline=inline)


def poll(
    inline: Annotated[
        bool, typer.Option("--inline", help="Work in this process instead of the queue.")
    ] = False,
) -> None:
    """Screen those who changed since the last look."""
    _run("poll", inline=inline)


def _run(kind: str, *, inline: bool) -> None:
    settings = start()
    if not inline:
        if kind == "sweep" and not settings.redis_url.get_secret_value():
            _sweep_with_embedded_workers(settings)
            return
        from workers.sending import queue_for

        getattr(queue_for(settings), kind)()
        typer.echo(f"{kind} queued; `boneflag report` shows how it went")
        return
    from service.inline import run_bulk_inline, run_inline
    from service.wiring import bulk_sweep_for, pipeline_for

    pipeline = pipeline_for(settings)
    bulk = bulk_sweep_for(settings, pipeline) if kind == "sweep" else None
    if bulk is not None and bulk.is_chosen():
        run = run_bulk_inline(pipeline, bulk)
    else:
        start_run = pipeline.start_sweep if kind == "sweep" else pipeline.start_poll
        run = run_inline(pipeline, start_run)
    show_run(run, pipeline.ledger, settings)


def _sweep_with_embedded_workers(settings: Settings) -> None:
    """A first look: without any Redis the real workers run on an embedded one, for one sweep."""
    from service.embedded_redis import embedded_redis
    from service.settings import PREFIX
    from service.wiring import client_for, ledger_for
    from service.working import WorkersEnded, ended_run, newest_run_number, working
    from workers.sending import queue_for

    client_for(settings).close()  # Says what is wrong with the settings before workers try it.
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="boneflag-"))
        ledger = stack.enter_context(ledger_for(settings))
        url = stack.enter_context(embedded_redis())
        last = newest_run_number(ledger)
        queue_for(settings.model_copy(update={"redis_url": SecretStr(url)})).sweep()
        typer.echo(
            "no Redis is configured: an embedded one and workers run for this sweep", err=True
        )
        log = stack.enter_context((Path(directory) / "workers.log").open("w+b"))
        given = {PREFIX + "REDIS_URL": url}
        processes = stack.enter_context(working(given, Path(directory), log=log))
        try:
            run = ended_run(ledger, last, processes)
        except WorkersEnded:
            log.seek(0)
            typer.echo(log.read().decode(errors="replace"), err=True)
            raise
        show_run(run, ledger, settings)


def show_run(run: Run | None, ledger: Ledger, settings: Settings) -> None:
    """Print how a run went; exit code 3 where the EHR went away before it was over."""
    from service.going_live.leave import GoingLive
    from service.printing import print_run

    print_run(run)
    if run is None:
        return
    if run.mode == "shadow" and settings.mode == "live":
        typer.echo(GoingLive(ledger, settings.mode).leave(run.protocol_digest).missing)
    if run.state == "failed":
        raise Stop(f"run {run.id} failed: {run.held_reason}", EXIT_UNAVAILABLE)
    if run.waiting or (run.open_plans and run.state != "held"):
        raise Stop(
            "the EHR did not answer everything: what is left comes with the next run",
            EXIT_UNAVAILABLE,
        )


def screen(patient: Annotated[str, typer.Argument(help="A patient id in the EHR.")]) -> None:
    """Screen one patient now, and write what follows where that is approved."""
    settings = start()
    from service.audit_looks import record_look
    from service.inline import screen_inline
    from service.wiring import pipeline_for

    fhir_id = fhir_id_in(patient)
    pipeline = pipeline_for(settings)
    record_look(pipeline.ledger, "screen", [fhir_id], pipeline.protocol, datetime.now(UTC))
    show_run(screen_inline(pipeline, fhir_id), pipeline.ledger, settings)


def work() -> None:
    """Run a worker and the schedule in one go; without a Redis it brings its own."""
    from service.working import run_work

    run_work(start())


def demo(
    stay: Annotated[
        bool | None, typer.Option(help="Stay up at the end; by default on a terminal only.")
    ] = None,
    people: Annotated[int, typer.Option(help="How many invented people.", min=281)] = 300,
    ehr: Annotated[
        str,
        typer.Option(
            "--ehr",
            metavar="NAME",
            help="Imitate an EHR product, with faults if wanted; a wrong name lists them all.",
        ),
    ] = "",
    pages: Annotated[bool, typer.Option(help="End with the address of the pages.")] = True,
    pages_minutes: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="How long the pages stay open when the command has ended: 30 where nothing is"
            " said, 0 in CI.",
        ),
    ] = None,
    close: Annotated[
        bool, typer.Option("--close", help="End the demo that was left open.")
    ] = False,
) -> None:
    """Run everything on embedded defaults, on an invented hospital."""
    from service.demo.open_demo import close_open_demo

    if close:
        typer.echo("The demo has ended." if close_open_demo() else "No demo is open.")
        return
    from service.demo.run import Wish, run_demo

    if pages_minutes is None:
        pages_minutes = 0 if os.environ.get("CI") == "true" else _PAGES_MINUTES
    run_demo(
        Wish(people, ehr, pages),
        stays=sys.stdout.isatty() if stay is None else stay,
        minutes=pages_minutes,
    )
