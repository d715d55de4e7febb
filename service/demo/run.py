"""`boneflag demo`: the whole job on an invented hospital, with the real parts.

A third-party FHIR server, a real Celery worker and beat on an embedded Valkey, an SQLite ledger:
nothing of it is a stub, and everything is gone when it ends. `story` tells what is seen, and the
pages show it: on a terminal until Ctrl-C, elsewhere for some minutes after the command (open_demo).
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from service.acting import software
from service.demo.history import look_back
from service.demo.last_will import last_will
from service.demo.open_demo import Detach, leave_open
from service.demo.pages import serving_pages, with_pages
from service.demo.product_story import ProductStory, settings_for_product
from service.demo.story import DemoStory
from service.demo_ehr.people import make_people
from service.demo_ehr.presets import preset_named
from service.demo_ehr.presets.preset import Preset
from service.demo_ehr.presets.proxy import QuirkyEHR
from service.demo_ehr.server import DemoEHR
from service.embedded_redis import embedded_redis
from service.logs import configure_logs
from service.settings import PREFIX, Settings
from service.store.approvals import NewApproval
from service.store.ledger import Ledger
from service.wiring import connection_for, effective_for, ledger_for, today_for
from service.working import working
from workers.sending import queue_for

_NARROWEST_COLUMNS = 110
_APPROVER = "the clinical lead of the invented hospital"
Last = Callable[[Console, Path], None]
"""What is done when everything has been told, such as staying; the directory holds the logs."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for. `product` names an EHR to imitate, such as `hapi+busy`.

    With `pages` the story ends with their address; they show the hospital after weeks in shadow
    mode, which costs some seconds.
    """

    people: int
    product: str = ""
    pages: bool = True


def run_demo(wish: Wish, *, stays: bool, minutes: float) -> None:
    """Start everything, sweep, let facts arrive, and show what each does.

    With `stays` it is up until Ctrl-C. Else the pages stay open for so many minutes, in a process
    of its own, and this returns; without minutes everything ends. PresetUnknown where there is no
    product of that name.
    """
    preset = preset_named(wish.product) if wish.product else None
    if stays:
        play(wish, preset, _stay)
    elif wish.pages and minutes > 0:
        leave_open(lambda detach: play(wish, preset, _stay_open(minutes, detach)))
    else:
        play(wish, preset, _say_that_it_ends if wish.pages else _end)


def play(wish: Wish, preset: Preset | None, last: Last) -> None:
    """The whole story with everything that it needs; `last` is called when all has been told."""
    _end_in_good_order()
    _forget_other_settings()
    console = _console()
    configure_logs("ERROR", as_json=False)
    with ExitStack() as stack:
        stack.enter_context(last_will())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boneflag-demo-")))
        console.print(
            "[bold]BoneFlag demo[/]: an invented hospital on this machine. Nobody in it is real,"
            " and nothing leaves the machine.\n"
        )
        ehr_server = stack.enter_context(DemoEHR())
        redis_url = stack.enter_context(embedded_redis())
        imitation = stack.enter_context(QuirkyEHR(preset, ehr_server.base_url)) if preset else None
        base_url = imitation.base_url if imitation else ehr_server.base_url
        settings = _settings(directory, base_url, redis_url)
        today = today_for(settings)
        invented = make_people(today, wish.people)
        number = ehr_server.load(r for person in invented for r in person.resources)
        console.print(
            f"EHR      {base_url}  (a third-party FHIR server: {len(invented)} people,"
            f" {number} resources)\n"
            f"Queue    {redis_url}  (an embedded Valkey)\n"
            f"Workers  a Celery worker and beat; their log: {directory / 'workers.log'}\n",
            highlight=False,
        )
        if imitation:
            settings = settings_for_product(settings, imitation, ehr_server, invented, directory)
        ledger = stack.enter_context(ledger_for(settings))
        if wish.pages and not imitation:
            days = look_back(settings, ledger)
            console.print(
                f"Shadow   {days} sweeps as of days in the last ten weeks, writing nothing"
            )
        _approve(ledger, settings)
        console.print(f"Approval {_APPROVER} let the protocol be written, for everybody\n")
        log = stack.enter_context((directory / "workers.log").open("ab"))
        stack.enter_context(working(_environment(settings), directory, log=log))
        ehr = stack.enter_context(closing(connection_for(settings)))
        queue = queue_for(settings)
        story = DemoStory(console, queue, ledger, ehr, ehr_server, invented, today)
        if imitation:
            ProductStory(story, console, queue, ledger, ehr, imitation, settings).tell()
        else:
            story.tell()
            if wish.pages:
                story.let_clinicians_answer()
        _say_how_to_look_further(console, settings)
        if not wish.pages:
            last(console, directory)
            return
        settings = with_pages(settings)
        page_log = stack.enter_context((directory / "pages.log").open("ab"))
        environment = os.environ | _environment(settings)
        stack.enter_context(serving_pages(settings, environment, page_log))
        _say_where_the_pages_are(console, settings)
        last(console, directory)


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width; what is wrapped at 80 columns is hard to read there.
        console = Console(width=max(console.width, _NARROWEST_COLUMNS))
    return console


def _end_in_good_order() -> None:
    """Whoever closes the terminal or ends this process ends what it started, too."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)


def _approve(ledger: Ledger, settings: Settings) -> None:
    """Somebody must say go, here as anywhere; a hospital does it by `boneflag golive`."""
    protocol = effective_for(settings)[0]
    approval = NewApproval(
        stage="full",
        approver=_APPROVER,
        protocol_id=protocol.id,
        protocol_version=protocol.version,
        protocol_digest=protocol.digest,
        software_version=software(),
        overlay_text="",
    )
    ledger.approvals.record(approval, datetime.now(UTC))


def _forget_other_settings() -> None:
    """The demo has settings of its own, whatever this terminal was prepared for."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]


def _settings(directory: Path, base_url: str, redis_url: str) -> Settings:
    values: dict[str, object] = {
        "site_id": "demo",
        "mode": "live",
        "fhir_base_url": base_url,
        "redis_url": SecretStr(redis_url),
        "database_url": f"sqlite:///{directory / 'ledger.sqlite3'}",
        "max_new_alerts_per_run": 10_000,
        "max_new_alerts_percent_per_run": 100.0,
        "poll_interval_seconds": 30,
        "ehr_requests_per_second": 1000.0,  # It is ours alone, and somebody is watching.
    }
    return Settings.model_validate(values)


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for the workers and for whoever wants to look further."""
    values = settings.model_dump(exclude_unset=True)
    return {PREFIX + name.upper(): _as_text(value) for name, value in values.items()}


def _as_text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _say_how_to_look_further(console: Console, settings: Settings) -> None:
    console.print("\n[bold]Look further[/], in another terminal while this one stays up:\n")
    for name, value in _environment(settings).items():
        console.print(f"export {name}={value}", highlight=False, soft_wrap=True)
    console.print(
        "\nboneflag check                              what this EHR offers"
        "\nboneflag report                             who stands where, and the last runs"
        "\nboneflag explain edss-six-point-five-01     why somebody is due, with the evidence"
        "\nboneflag simulate --overlay docs/examples/overlay.yaml"
        "    what a changed protocol would do\n",
        highlight=False,
        soft_wrap=True,
    )


def _say_where_the_pages_are(console: Console, settings: Settings) -> None:
    """The address and, apart from it, the password: an address is kept in histories and logs."""
    console.print(
        "[bold]The pages[/], filled with all of this: programme, worklist, patients, protocol,"
        " operations\n"
        f"\n  Address   {settings.page_url}"
        f"\n  Password  {settings.page_password.get_secret_value()}\n",
        highlight=False,
        soft_wrap=True,
    )


def _end(_console: Console, _directory: Path) -> None:
    """Nothing is left to do."""


def _say_that_it_ends(console: Console, _directory: Path) -> None:
    console.print("They were up and are closed again: without minutes nothing stays open.")


def _stay(console: Console, _directory: Path) -> None:
    started = datetime.now().astimezone()
    console.print(f"Up since {started:%H:%M}. Ctrl-C ends it and removes everything.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("\nThe demo has ended.")


def _stay_open(minutes: float, detach: Detach) -> Last:
    """Let the command end, and the hospital in so many minutes."""

    def stay(console: Console, directory: Path) -> None:
        console.print(
            f"Open for {minutes:g} minutes; `boneflag demo --close` ends it before.",
            highlight=False,
        )
        detach(directory / "demo.log")
        with suppress(KeyboardInterrupt):
            time.sleep(minutes * 60)

    return stay
