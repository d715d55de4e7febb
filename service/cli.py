"""The command line: what an integration engineer and a clinical lead type.

An operator's mistake gives one clear sentence and an exit code by kind, never a traceback:
2 settings or input, 3 EHR unavailable, 4 EHR refused, 5 EHR rejected or not understood, 6 store
or queue.
Heavy imports are inside the commands: `boneflag explain` answers in under a second.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer
from pydantic import SecretStr

from service.settings import Settings, SettingsInvalid, load_settings

if TYPE_CHECKING:
    from service.store.entries import Run

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Finds people with multiple sclerosis whose bones nobody is watching.",
)

_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
EXIT_SETTINGS, EXIT_UNAVAILABLE, EXIT_REFUSED, EXIT_REJECTED, EXIT_STORE = 2, 3, 4, 5, 6
P = ParamSpec("P")
R = TypeVar("R")


class Stop(Exception):
    """Ends a command with a sentence for the operator and an exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def speaks_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that an operator can act on into one sentence and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Exception as error:
            code = exit_code(error)
            if code is None:
                raise
            typer.echo(f"boneflag: {error}", err=True)
            raise typer.Exit(code) from None

    return wrapped


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that speaks to the operator; None for a fault of ours."""
    if isinstance(error, Stop):
        return error.code
    if isinstance(error, SettingsInvalid):
        return EXIT_SETTINGS
    room = type(error).__module__
    if room.startswith("service.ehr"):
        return _ehr_code(error)
    if room.startswith(("service.store", "service.queue", "service.working")):
        return EXIT_STORE
    if room.startswith("service.demo_ehr"):
        return EXIT_SETTINGS
    return None


def _ehr_code(error: Exception) -> int:
    from service.ehr.bundle_file import BundleUnreadable
    from service.ehr.errors import EHRRefused, EHRUnavailable

    if isinstance(error, BundleUnreadable):
        return EXIT_SETTINGS
    if isinstance(error, EHRUnavailable):
        return EXIT_UNAVAILABLE
    return EXIT_REFUSED if isinstance(error, EHRRefused) else EXIT_REJECTED


def _start() -> Settings:
    """Settings and logs for a command."""
    from service.logs import configure_logs

    settings = load_settings()
    configure_logs(
        "WARNING" if settings.log_level == "INFO" else settings.log_level,
        as_json=not sys.stderr.isatty(),
    )
    return settings


def _day(text: str | None, settings: Settings) -> date:
    from service.wiring import today_for

    if text is None:
        return today_for(settings)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Stop(f"--on {text!r} is not a date: write YYYY-MM-DD", EXIT_SETTINGS) from None


@app.command()
@speaks_plainly
def explain(
    patient: Annotated[
        str, typer.Argument(help="A FHIR Bundle in a JSON file, or a patient id in the EHR.")
    ],
    on: Annotated[str | None, typer.Option(help="Judge on this date, YYYY-MM-DD.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explain what BoneFlag thinks about one patient, and what it would do. Writes nothing."""
    settings = _start()
    day = _day(on, settings)
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


def _fhir_id(patient: str) -> str:
    """The id in what was typed; with a comma in it, a search would be about several people."""
    fhir_id = patient.removeprefix("Patient/")
    if not _FHIR_ID.fullmatch(fhir_id):
        raise Stop("that is neither a file nor the id of a FHIR Patient", EXIT_SETTINGS)
    return fhir_id


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
    from service.explain_patient import explain_patient
    from service.wiring import connection_for, delivery_for, protocol_for

    return explain_patient(
        _fhir_id(patient),
        connection_for(settings),
        protocol_for(settings),
        delivery_for(settings),
        site=settings.site_id,
        on=day,
        at=datetime.now(UTC),
    )


@app.command()
@speaks_plainly
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what this EHR offers, what will be used, and what is missing."""
    settings = _start()
    from service.checking import check_ehr
    from service.printing import print_check
    from service.wiring import connection_for, protocol_for

    report = check_ehr(connection_for(settings), protocol_for(settings), settings)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        print_check(report)
    if not report.can_work:
        raise Stop(report.why_not, EXIT_REJECTED)


@app.command()
@speaks_plainly
def sweep(
    inline: Annotated[
        bool, typer.Option("--inline", help="Work in this process instead of the queue.")
    ] = False,
) -> None:
    """Screen the whole cohort."""
    _run("sweep", inline=inline)


@app.command()
@speaks_plainly
def poll(
    inline: Annotated[
        bool, typer.Option("--inline", help="Work in this process instead of the queue.")
    ] = False,
) -> None:
    """Screen those who changed since the last look."""
    _run("poll", inline=inline)


def _run(kind: str, *, inline: bool) -> None:
    settings = _start()
    if not inline:
        if kind == "sweep" and not settings.redis_url.get_secret_value():
            _sweep_with_embedded_workers(settings)
            return
        from workers.sending import queue_for

        getattr(queue_for(settings), kind)()
        typer.echo(f"{kind} queued; `boneflag report` shows how it went")
        return
    from service.inline import run_inline
    from service.wiring import pipeline_for

    pipeline = pipeline_for(settings)
    starts = {"sweep": pipeline.start_sweep, "poll": pipeline.start_poll}
    _show_run(run_inline(pipeline, starts[kind]), settings)


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
    _show_run(run, settings)


def _show_run(run: Run | None, settings: Settings) -> None:
    """Print how a run went; exit code 3 where the EHR went away before it was over."""
    from service.printing import print_run

    print_run(run, settings.mode)
    if run is None:
        return
    if run.state == "failed":
        raise Stop(f"run {run.id} failed: {run.held_reason}", EXIT_UNAVAILABLE)
    if run.waiting or (run.open_plans and run.state != "held"):
        raise Stop(
            "the EHR did not answer everything: what is left comes with the next run",
            EXIT_UNAVAILABLE,
        )


@app.command()
@speaks_plainly
def screen(patient: Annotated[str, typer.Argument(help="A patient id in the EHR.")]) -> None:
    """Screen one patient now, and in live mode write what follows."""
    settings = _start()
    from service.inline import screen_inline
    from service.wiring import pipeline_for

    fhir_id = _fhir_id(patient)
    _show_run(screen_inline(pipeline_for(settings), fhir_id), settings)


@app.command()
@speaks_plainly
def report(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """The programme in numbers: who stands where, and how the last runs went."""
    settings = _start()
    from service.printing import print_report, report_json
    from service.wiring import ledger_for

    with ledger_for(settings) as ledger:
        if as_json:
            typer.echo(json.dumps(report_json(ledger), default=str))
        else:
            print_report(ledger)


@app.command()
@speaks_plainly
def release(
    run: Annotated[int, typer.Argument(help="The number of a held run.")],
    inline: Annotated[
        bool, typer.Option("--inline", help="Deliver in this process instead of the workers.")
    ] = False,
) -> None:
    """Let a run deliver that was held because it would open too many alerts."""
    settings = _start()
    from service.wiring import ledger_for, pipeline_for

    with ledger_for(settings) as ledger:
        if not ledger.runs.release(run):
            raise Stop(f"run {run} is not held: see `boneflag report`", EXIT_SETTINGS)
    if not inline:
        typer.echo(f"run {run} is released: the workers deliver it within a minute")
        return
    pipeline = pipeline_for(settings)
    pipeline.deliver(run)
    _show_run(pipeline.ledger.runs.get(run), settings)


@app.command()
@speaks_plainly
def work() -> None:
    """Run a worker and the schedule in one go; without a Redis it brings its own."""
    from service.working import run_work

    run_work(_start())


@app.command()
@speaks_plainly
def demo(
    stay: Annotated[
        bool | None, typer.Option(help="Stay up at the end; by default on a terminal only.")
    ] = None,
    people: Annotated[int, typer.Option(help="How many invented people.", min=214)] = 300,
) -> None:
    """Run everything on embedded defaults, on an invented hospital."""
    from service.demo import run_demo

    run_demo(people=people, stays=sys.stdout.isatty() if stay is None else stay)


def run() -> None:
    """The console script."""
    app()
