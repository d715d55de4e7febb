"""Whatever a newcomer sets wrongly: one sentence on what it is and what to do, and an exit code.

Each case is a hospital with one mistake in it, on a real port. No case may print a traceback, a
secret or anything of a patient, in whatever it prints or logs.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import stamina
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)

from tests.lib.command_line import boneflag
from tests.lib.login_server import LoginServer, oauth_error
from tests.lib.mistaken_hospital import (
    KEY,
    LOGIN_PAGE,
    OTHER_KEY,
    PERSON,
    SECRET,
    Hospital,
    TrueClock,
    always,
    sound_ehr,
)
from tests.lib.wire import answer, outcome


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# The mistakes


def no_url(_: Hospital) -> dict[str, str]:
    return {}


def no_scheme(_: Hospital) -> dict[str, str]:
    return {"fhir_base_url": "ehr.example.org/fhir"}


def broken_url(_: Hospital) -> dict[str, str]:
    return {"fhir_base_url": f"https://[ehr/{SECRET}"}


def password_in_url(_: Hospital) -> dict[str, str]:
    return {"fhir_base_url": f"https://user:{SECRET}@ehr.example.org:443x/fhir"}


def plain_http_to_another_host(_: Hospital) -> dict[str, str]:
    return {"fhir_base_url": "http://ehr.example.org/fhir"}


def unknown_host(_: Hospital) -> dict[str, str]:
    return {"fhir_base_url": "https://ehr.invalid/fhir"}


def nobody_listens(_: Hospital) -> dict[str, str]:
    return {"fhir_base_url": f"http://127.0.0.1:{closed_port()}/fhir"}


def wrong_path(hospital: Hospital) -> dict[str, str]:
    return {"fhir_base_url": hospital.serve(always(httpx.Response(404, html="not here")))}


def html_page(hospital: Hospital) -> dict[str, str]:
    return {"fhir_base_url": hospital.serve(always(httpx.Response(200, html=LOGIN_PAGE)))}


def login_page_of_a_proxy(hospital: Hospital) -> dict[str, str]:
    there = {"Location": f"https://proxy.example.org/login?back={SECRET}"}
    return {"fhir_base_url": hospital.serve(always(httpx.Response(302, headers=there)))}


def another_json(hospital: Hospital) -> dict[str, str]:
    return {"fhir_base_url": hospital.serve(always(answer({"status": SECRET})))}


def stu3(hospital: Hospital) -> dict[str, str]:
    return {"fhir_base_url": hospital.serve(sound_ehr("3.0.2"))}


def r5(hospital: Hospital) -> dict[str, str]:
    return {"fhir_base_url": hospital.serve(sound_ehr("5.0.0"))}


def refused_token(hospital: Hospital) -> dict[str, str]:
    told = outcome("error", "login", diagnostics=SECRET)
    url = hospital.serve(always(answer(told, 401)))
    return {"fhir_base_url": url, "fhir_bearer_token": SECRET}


def busy_ehr(hospital: Hospital) -> dict[str, str]:
    return {"fhir_base_url": hospital.serve(always(answer({}, 503, Retry_After="3600")))}


def expired_certificate(hospital: Hospital) -> dict[str, str]:
    authority = hospital.authority()
    url = hospital.serve(sound_ehr(), authority.issue("server", days=-30))
    return {"fhir_base_url": url, "fhir_ca_file": authority.file}


def certificate_of_the_future(hospital: Hospital) -> dict[str, str]:
    authority = hospital.authority()
    url = hospital.serve(sound_ehr(), authority.issue("server", days=30))
    return {"fhir_base_url": url, "fhir_ca_file": authority.file}


def unknown_authority(hospital: Hospital) -> dict[str, str]:
    return {"fhir_base_url": hospital.serve(sound_ehr(), hospital.authority().issue("server"))}


def certificate_of_another_host(hospital: Hospital) -> dict[str, str]:
    authority = hospital.authority()
    url = hospital.serve(sound_ehr(), authority.issue("server", address="192.0.2.1"))
    return {"fhir_base_url": url, "fhir_ca_file": authority.file}


def https_to_a_plain_port(hospital: Hospital) -> dict[str, str]:
    return {"fhir_base_url": hospital.serve(sound_ehr()).replace("http:", "https:")}


def http_to_a_tls_port(hospital: Hospital) -> dict[str, str]:
    url = hospital.serve(sound_ehr(), hospital.authority().issue("server"))
    return {"fhir_base_url": url.replace("https:", "http:")}


def ca_file_that_is_none(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "fhir_ca_file": hospital.file("ca.pem", SECRET)}


def group_that_is_not_there(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "cohort_group_ids": PERSON}


def id_file_that_is_not_there(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "cohort_file": str(hospital.folder / "people.csv")}


def id_file_that_is_a_spreadsheet(hospital: Hospital) -> dict[str, str]:
    content = b"PK\x03\x04\xff\xfe" + PERSON.encode()
    return {**hospital.sound(), "cohort_file": hospital.file("people.csv", content)}


def id_file_without_a_heading(hospital: Hospital) -> dict[str, str]:
    content = f"{PERSON},{SECRET}\n"
    return {**hospital.sound(), "cohort_file": hospital.file("people.csv", content)}


def wrong_key(hospital: Hospital) -> dict[str, str]:
    return hospital.login(LoginServer([KEY]), OTHER_KEY.pem)


def missing_scope(hospital: Hospital) -> dict[str, str]:
    server = LoginServer([KEY])
    server.instead_of_token = always(oauth_error("invalid_scope"))
    return hospital.login(server)


def fewer_scopes_than_needed(hospital: Hospital) -> dict[str, str]:
    server = LoginServer([KEY])
    server.token_answer["scope"] = "system/Patient.read"
    return hospital.login(server)


def wrong_clock(hospital: Hospital) -> dict[str, str]:
    server = LoginServer([KEY])
    server.clock = TrueClock(1200)  # type: ignore[assignment] # all of it that the server reads
    server.instead_of_token = always(
        oauth_error("invalid_client", 401, Date=f"{server.clock.true_now:%a, %d %b %Y %T GMT}")
    )
    return hospital.login(server)


def token_url_of_a_page(hospital: Hospital) -> dict[str, str]:
    there = hospital.serve(always(httpx.Response(200, html=LOGIN_PAGE)))
    return {**hospital.login(LoginServer([KEY])), "smart_token_url": there}


def token_url_that_is_not_there(hospital: Hospital) -> dict[str, str]:
    there = hospital.serve(always(httpx.Response(404, html=LOGIN_PAGE)))
    return {**hospital.login(LoginServer([KEY])), "smart_token_url": there}


def token_url_where_nobody_listens(hospital: Hospital) -> dict[str, str]:
    there = f"http://127.0.0.1:{closed_port()}/token"
    return {**hospital.login(LoginServer([KEY])), "smart_token_url": there}


def token_url_without_tls(hospital: Hospital) -> dict[str, str]:
    there = f"http://login.example.org/{SECRET}"
    return {**hospital.login(LoginServer([KEY])), "smart_token_url": there}


def no_smart_configuration(hospital: Hospital) -> dict[str, str]:
    return {
        **hospital.sound(),
        "fhir_bearer_token": "",
        "fhir_base_url": hospital.serve(always(httpx.Response(404, html=LOGIN_PAGE))),
        "smart_client_id": "boneflag",
        "smart_key_files": hospital.file("key.pem", KEY.pem),
    }


def public_key(hospital: Hospital) -> dict[str, str]:
    public = KEY.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hospital.login(LoginServer([KEY]), pem)


def locked_key(hospital: Hospital) -> dict[str, str]:
    lock = BestAvailableEncryption(SECRET.encode())
    pem = KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    return hospital.login(LoginServer([KEY]), pem)


def key_that_is_not_there(hospital: Hospital) -> dict[str, str]:
    login = hospital.login(LoginServer([KEY]))
    return {**login, "smart_key_files": str(hospital.folder / "no.pem")}


def client_id_without_a_key(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "fhir_bearer_token": "", "smart_client_id": "boneflag"}


def two_logins(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "fhir_user": "boneflag", "fhir_password": SECRET}


def unknown_mode(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "mode": SECRET}


def database_that_is_down(hospital: Hospital) -> dict[str, str]:
    url = f"postgresql+psycopg://boneflag:{SECRET}@127.0.0.1:{closed_port()}/ledger"
    return {**hospital.sound(), "database_url": url}


def database_of_another_kind(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "database_url": f"mysql://boneflag:{SECRET}@localhost/ledger"}


def database_in_no_folder(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "database_url": f"sqlite:///{hospital.folder}/none/ledger.sqlite3"}


def database_that_is_a_text(hospital: Hospital) -> dict[str, str]:
    return {
        **hospital.sound(),
        "database_url": f"sqlite:///{hospital.file('ledger.sqlite3', SECRET * 300)}",
    }


def redis_that_is_down(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "redis_url": f"redis://:{SECRET}@127.0.0.1:{closed_port()}/0"}


def redis_that_is_no_url(hospital: Hospital) -> dict[str, str]:
    return {**hospital.sound(), "redis_url": f"localhost:6379/{SECRET}"}


@dataclass(frozen=True)
class Case:
    """A mistake, the exit code, words that the sentence must hold, and who would meet it."""

    mistake: Callable[[Hospital], dict[str, str]]
    code: int
    words: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...] = (("check",), ("sweep", "--inline"))


LEDGER = (("sweep", "--inline"), ("report",))
QUEUE = (("sweep",),)
URL = "BONEFLAG_FHIR_BASE_URL"
CASES = [
    Case(no_url, 2, (URL, "not set")),
    Case(no_scheme, 2, (URL, "https://")),
    Case(broken_url, 2, (URL,)),
    Case(password_in_url, 2, (URL,)),
    Case(plain_http_to_another_host, 2, (URL, "https", "BONEFLAG_FHIR_ALLOW_PLAIN_HTTP")),
    Case(unknown_host, 3, ("name", URL)),
    Case(nobody_listens, 3, ("refused", URL)),
    Case(wrong_path, 5, (URL, "HTTP 404")),
    Case(html_page, 5, (URL, "web page")),
    Case(login_page_of_a_proxy, 5, ("redirect", URL)),
    Case(another_json, 5, ("CapabilityStatement", URL)),
    Case(stu3, 5, ("FHIR 3.0.2", "R4")),
    Case(r5, 5, ("FHIR 5.0.0", "R4")),
    Case(refused_token, 4, ("HTTP 401", "EHR team")),
    Case(busy_ehr, 3, ("HTTP 503", "try again later")),
    Case(expired_certificate, 3, ("certificate", "expired", "EHR team")),
    Case(certificate_of_the_future, 3, ("certificate", "not valid yet", "clock")),
    Case(unknown_authority, 3, ("certificate", "BONEFLAG_FHIR_CA_FILE")),
    Case(certificate_of_another_host, 3, ("certificate", "another host", URL)),
    Case(https_to_a_plain_port, 3, ("TLS", URL)),
    Case(http_to_a_tls_port, 3, ("EHR", URL)),
    Case(ca_file_that_is_none, 2, ("BONEFLAG_FHIR_CA_FILE", "PEM")),
    Case(group_that_is_not_there, 5, ("Group", "BONEFLAG_COHORT_GROUP_IDS")),
    Case(id_file_that_is_not_there, 2, ("file of people", "No such file")),
    Case(id_file_that_is_a_spreadsheet, 2, ("file of people", "UTF-8")),
    Case(id_file_without_a_heading, 2, ("file of people", "header")),
    Case(wrong_key, 4, ("invalid_client", OTHER_KEY.kid, "registered")),
    Case(missing_scope, 4, ("invalid_scope", "boneflag keys scopes", "BONEFLAG_SMART_SCOPES")),
    Case(fewer_scopes_than_needed, 4, ("Condition", "EHR team")),
    Case(wrong_clock, 4, ("clock", "behind", "NTP")),
    Case(token_url_of_a_page, 5, ("BONEFLAG_SMART_TOKEN_URL",)),
    Case(token_url_that_is_not_there, 5, ("BONEFLAG_SMART_TOKEN_URL", "HTTP 404")),
    Case(token_url_where_nobody_listens, 3, ("login server", "refused")),
    Case(token_url_without_tls, 2, ("BONEFLAG_SMART_TOKEN_URL", "https")),
    Case(no_smart_configuration, 5, ("smart-configuration", URL)),
    Case(public_key, 2, ("BONEFLAG_SMART_KEY_FILES", "public key")),
    Case(locked_key, 2, ("BONEFLAG_SMART_KEY_FILES", "passphrase")),
    Case(key_that_is_not_there, 2, ("BONEFLAG_SMART_KEY_FILES", "No such file")),
    Case(client_id_without_a_key, 2, ("SMART_KEY_FILES",)),
    Case(two_logins, 2, ("FHIR_BEARER_TOKEN and FHIR_USER",)),
    Case(unknown_mode, 2, ("BONEFLAG_MODE",)),
    Case(database_that_is_down, 6, ("BONEFLAG_DATABASE_URL",), LEDGER),
    Case(database_of_another_kind, 6, ("BONEFLAG_DATABASE_URL",), LEDGER),
    Case(database_in_no_folder, 6, ("Create the folder",), LEDGER),
    Case(database_that_is_a_text, 6, ("no ledger", "move it away"), LEDGER),
    Case(redis_that_is_down, 6, ("Redis", "BONEFLAG_REDIS_URL"), QUEUE),
    Case(redis_that_is_no_url, 2, ("BONEFLAG_REDIS_URL", "redis://"), QUEUE),
]


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    with ExitStack() as opened:
        yield Hospital(tmp_path, opened)


@pytest.fixture
def without_waits() -> Iterator[None]:
    """One attempt and no waits: that retries happen is proved elsewhere."""
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.mark.parametrize(
    ("case", "command"),
    [
        # A sweep asks for the same things in another order; it is tried with the heavy tests.
        pytest.param(case, command, marks=[pytest.mark.heavy] if number else [])
        for case in CASES
        for number, command in enumerate(case.commands)
    ],
    ids=lambda value: value.mistake.__name__ if isinstance(value, Case) else value[0],
)
def test_a_wrong_setting_ends_in_one_sentence_that_says_what_to_do(
    hospital, without_waits, case, command
):
    ledger = f"sqlite:///{hospital.folder / 'own.sqlite3'}"
    said = boneflag(*command, **{"database_url": ledger, **case.mistake(hospital)})

    assert said.code == case.code, said.output
    assert len(said.sentences) == 1, said.output
    assert [word for word in case.words if word not in said.sentences[0]] == [], said.sentences
    assert [word for word in (SECRET, PERSON, "Traceback") if word in said.output] == []
    assert len(said.sentences[0]) < 400


def test_without_a_mistake_the_same_hospital_works(hospital):
    ledger = f"sqlite:///{hospital.folder / 'own.sqlite3'}"
    said = boneflag("check", database_url=ledger, **hospital.sound())
    assert (said.code, said.sentences) == (0, ()), said.output


@pytest.mark.heavy
@pytest.mark.parametrize("mistake", [html_page, wrong_key])
def test_the_installed_command_says_the_same_in_a_process_of_its_own(hospital, mistake):
    variables = {f"BONEFLAG_{n.upper()}": v for n, v in mistake(hospital).items()}
    own = {n: v for n, v in os.environ.items() if not n.startswith("BONEFLAG_")}
    done = subprocess.run(
        [sys.executable, "-c", "from service.cli import run; run()", "check"],
        env=own | variables,
        cwd=hospital.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = SimpleNamespace(code=done.returncode, output=done.stdout + done.stderr)
    assert said.code == {html_page: 5, wrong_key: 4}[mistake]
    assert said.output.count("boneflag: ") == 1
    assert [word for word in (SECRET, PERSON, "Traceback") if word in said.output] == []
