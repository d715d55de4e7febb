"""`boneflag survey`: the data that criteria need and this EHR does not give.

Nothing here writes to the EHR, whatever the mode.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.speaking import EXIT_SETTINGS, Stop, start
from service.settings import Settings

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from rich.console import Console

_TOLD_EVERY = 100
_NARROWEST_COLUMNS = 120
_Write = Callable[[list[dict[str, Any]]], object]


def survey(
    people: Annotated[
        int, typer.Option(min=1, help="Read so many people, spread evenly over the cohort.")
    ] = 200,
    everybody: Annotated[bool, typer.Option("--all", help="Read the whole cohort.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    overlay_snippet: Annotated[
        Path | None,
        typer.Option(help="Write codes with a hint, for an overlay, to this new file."),
    ] = None,
) -> None:
    """Say what criteria need and this EHR does not give, and which codes are foreign to us."""
    settings = start()
    with _opened(overlay_snippet) as write:
        answer = _surveyed(settings, None if everybody else people)
        write(answer["codes"]["with_hint"])
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    from service.survey.printing import print_survey

    print_survey(answer, _console())


def _surveyed(settings: Settings, people: int | None) -> dict[str, Any]:
    from service.audit_looks import record_look
    from service.survey.chart import ChartReading
    from service.survey.forms import survey_json
    from service.survey.run import BATCH_SIZE
    from service.survey.run import survey as run
    from service.wiring import effective_for, ledger_for, reading_connection_for, today_for

    # Shadow, whatever the site does: an overlay that may not go live yet may be surveyed with.
    settings = settings.model_copy(update={"mode": "shadow", "batch_size": BATCH_SIZE})
    protocol, vocabulary = effective_for(settings)
    reading = ChartReading(vocabulary)
    today = today_for(settings)
    with ExitStack() as stack:
        ehr = stack.enter_context(closing(reading_connection_for(settings, vocabulary, reading)))
        ledger = stack.enter_context(ledger_for(settings))
        found = run(
            ehr,
            reading,
            protocol,
            today,
            people=people,
            progress=_tell_progress,
            look=lambda ids: record_look(
                ledger, "read", ids, protocol, datetime.now(UTC), "survey"
            ),
        )
    return survey_json(found, protocol)


@contextmanager
def _opened(path: Path | None) -> Iterator[_Write]:
    """Writes the snippet into a new file; a survey that fails leaves none."""
    if path is None:
        yield lambda _: None
        return
    from service.survey.snippet import snippet_of

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        sentence = f"--overlay-snippet {path} cannot be written: {error.strerror}"
        raise Stop(sentence, EXIT_SETTINGS) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield lambda codes: file.write(snippet_of(codes))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _tell_progress(done: int, total: int) -> None:
    if done == total or done % _TOLD_EVERY == 0:
        typer.echo(f"{done} of {total} people read", err=True)


def _console() -> Console:
    from rich.console import Console

    console = Console()
    # A file or a pipe has no width; tables wrapped at 80 columns are hard to read there.
    wide_enough = console.is_terminal or console.width >= _NARROWEST_COLUMNS
    return console if wide_enough else Console(width=_NARROWEST_COLUMNS)
