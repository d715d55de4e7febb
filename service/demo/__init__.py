"""`boneflag demo`: the whole job on an invented hospital, with the real parts.

A third-party FHIR server, a real Celery worker and beat on an embedded Valkey, an SQLite ledger:
nothing of it is a stub, and everything is gone when it ends. `story` tells what is seen.
"""

from __future__ import annotations

import os
import signal
import tempfile
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from service.acting import software
from service.demo.product_story import ProductStory, settings_for_product
from service.demo.story import DemoStory
from service.demo_ehr.people import make_people
from service.demo_ehr.presets import preset_named
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


def run_demo(*, people: int, stays: bool, product: str = "") -> None:
    """Start everything, sweep, let facts arrive, and show what each does.

    `product` names an EHR to imitate, such as `hapi+busy`; PresetUnknown where there is none of
    that name. Then the story is another: what is chosen for it, and what it costs in requests.
    """
    preset = preset_named(product) if product else None
    _forget_other_settings()
    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width; what is wrapped at 80 columns is hard to read there.
        console = Console(width=max(console.width, _NARROWEST_COLUMNS))
    configure_logs("ERROR", as_json=False)
    with ExitStack() as stack:
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
        invented = make_people(today, people)
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
        _say_how_to_look_further(console, settings)
        if stays:
            _stay(console)


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
    console.print("\n[bold]5. Look further[/], in another terminal while this one stays up:\n")
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


def _stay(console: Console) -> None:
    started = datetime.now().astimezone()
    console.print(f"Up since {started:%H:%M}. Ctrl-C ends it and removes everything.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("\nThe demo has ended.")
