"""People come in to the pages by a certified OpenID provider, in a real Chromium.

The pages answer by https under another name than the provider, as they do in a hospital: cookies
keep to their rules, and the EHR's frame is a frame of another site.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import uvicorn
from starlette.applications import Starlette

from service.settings import Settings
from service.store.ledger import Ledger
from service.web.pages.opening import page_routes_for
from tests.lib.redis_server import free_port, running_redis
from tests.lib.tls_server import Authority
from tests.third_party.node_server import NodeServer

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

QUIET = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)
SECRET = "a+secret/with:signs"
PEOPLE = {
    "lead": {
        "preferred_username": "a.lead",
        "realm_access": {"roles": ["boneflag-clinical-lead"]},
    },
    "operator": {
        "preferred_username": "o.perator",
        "realm_access": {"roles": ["boneflag-operator"]},
    },
    "nobody": {"preferred_username": "n.obody", "realm_access": {"roles": ["visitor"]}},
    "doctor": {"fhirUser": "Practitioner/7"},
    "patient": {"fhirUser": "Patient/p1"},
}


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None and os.environ.get("CI") == "true":
        pytest.fail("no Chromium on this machine: install the package chromium")
    if program is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    with Ledger(f"sqlite:///{path}", attempts_in_a_run=5) as ledger:
        ledger.migrate()
        yield ledger


@pytest.fixture(scope="module")
def keys(ledger):
    return ledger.cohort.register(["p1", "p2"], "test", datetime.now(UTC))


@pytest.fixture(scope="module")
def hospital(ledger, keys, tmp_path_factory) -> Iterator[tuple[str, str]]:
    """The addresses of the login server, which is the EHR's too, and of the pages."""
    port = free_port()
    pages = f"https://localhost:{port}"
    provider = NodeServer("sign_in_server.js", pages=pages, people=PEOPLE, secret=SECRET)
    with provider, running_redis() as redis_url:
        settings = Settings(
            page_url=pages,
            redis_url=redis_url,
            fhir_base_url=f"{provider.origin}/fhir",
            page_patience_seconds=0.5,
            sign_in_issuer=provider.origin,
            sign_in_client_id="pages",
            sign_in_client_secret=SECRET,
            sign_in_roles_claim="realm_access.roles",
            launch_client_id="chart",
            launch_client_secret=SECRET,
            launch_frame_origins=provider.origin,
        )
        certificate = Authority(tmp_path_factory.mktemp("tls")).issue("pages")
        app = Starlette(routes=page_routes_for(settings, lambda: ledger))
        with serving(app, port, certificate):
            yield provider.origin, pages


@contextmanager
def serving(app, port, certificate) -> Iterator[None]:
    chain, key = certificate
    config = uvicorn.Config(
        app, port=port, ssl_certfile=chain, ssl_keyfile=key, log_level="error", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    assert server.started
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def window(chromium, hospital):
    """A new browser of somebody, who trusts the certificate of this test."""
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def heading(place):
    return place.get_by_role("heading", level=1)


def says(window, who) -> None:
    """Tell the provider who it is."""
    expect(heading(window)).to_have_text("Who is it?")
    window.get_by_role("button", name=who, exact=True).click()


def signs_in(window, pages, who, where="/") -> None:
    window.goto(f"{pages}{where}")
    window.get_by_role("link", name="Sign in with your hospital account").click()
    says(window, who)
    expect(window).to_have_url(re.compile(f"^{pages}"))


def test_a_clinical_lead_signs_in_and_lands_where_they_wanted_to_go(window, hospital):
    _, pages = hospital
    signs_in(window, pages, "lead", "/worklist?sort=waiting")
    expect(window).to_have_url(f"{pages}/worklist?sort=waiting")
    expect(window.get_by_role("navigation")).to_contain_text("Worklist")
    expect(window.locator(".who")).to_contain_text("a.lead")


def test_an_operator_signs_in_and_sees_no_patients(window, hospital, keys):
    _, pages = hospital
    signs_in(window, pages, "operator", "/worklist")
    expect(heading(window)).to_have_text("Not for your role")
    assert "Worklist" not in window.get_by_role("navigation").inner_text()
    assert window.goto(f"{pages}/patients/{keys['p1']}").status == 403


def test_somebody_without_a_role_is_told_whom_to_ask(window, hospital):
    _, pages = hospital
    signs_in(window, pages, "nobody")
    expect(heading(window)).to_have_text("No role yet")


def test_signing_out_leads_to_the_provider_and_ends_both_sessions(window, hospital):
    origin, pages = hospital
    signs_in(window, pages, "nobody")
    window.get_by_role("button", name="Sign out").click()
    expect(heading(window)).to_have_text("Signed out")
    window.wait_for_url(f"{origin}/session/end**")
    window.get_by_role("button", name=re.compile("Yes")).click()
    expect(window).to_have_url(f"{pages}/sign-in")
    window.get_by_role("link", name="Sign in with your hospital account").click()
    expect(heading(window)).to_have_text("Who is it?")


def opens_from_chart(window, origin, patient):
    window.goto(f"{origin}/chart/{patient}")
    with window.expect_popup() as opened:
        window.get_by_role("link", name="BoneFlag").click()
    return opened.value


def test_a_chart_opens_the_page_of_its_patient_and_of_nobody_else(window, hospital, keys):
    origin, pages = hospital
    opened = opens_from_chart(window, origin, "p1")
    says(opened, "doctor")
    expect(opened).to_have_url(f"{pages}/patients/{keys['p1']}")
    assert opened.reload().status == 200
    assert opened.goto(f"{pages}/patients/{keys['p2']}").status == 403
    assert opened.goto(f"{pages}/worklist").status == 403


def test_a_newer_chart_closes_the_older_one(window, hospital, keys):
    origin, pages = hospital
    first = opens_from_chart(window, origin, "p1")
    says(first, "doctor")
    expect(first).to_have_url(f"{pages}/patients/{keys['p1']}")
    second = opens_from_chart(window, origin, "p2")
    expect(second).to_have_url(f"{pages}/patients/{keys['p2']}")
    assert first.reload().status == 403
    assert second.reload().status == 200


def test_without_a_chart_the_ehr_asks_for_the_patient(window, hospital, keys):
    _, pages = hospital
    window.goto(f"{pages}/launch")
    window.get_by_label("Patient").fill("p2")
    says(window, "doctor")
    expect(window).to_have_url(f"{pages}/patients/{keys['p2']}")


def test_somebody_whom_the_ledger_does_not_know_is_told_kindly(window, hospital):
    origin, _ = hospital
    opened = opens_from_chart(window, origin, "p9")
    says(opened, "doctor")
    expect(heading(opened)).to_have_text("Not in this programme")


def test_patients_themselves_are_not_let_in(window, hospital):
    origin, _ = hospital
    opened = opens_from_chart(window, origin, "p1")
    says(opened, "patient")
    expect(heading(opened)).to_have_text("For staff")


def test_the_ehr_shows_the_page_in_a_frame_of_its_own_and_keeps_it_there(window, hospital, keys):
    origin, pages = hospital
    window.goto(f"{origin}/chart/p1?framed")
    frame = window.frame_locator("iframe")
    frame.get_by_role("button", name="doctor").click()
    expect(frame.get_by_role("button", name="Sign out")).to_be_visible()
    [inside] = [f for f in window.frames if f.url.startswith(pages)]
    assert inside.url == f"{pages}/patients/{keys['p1']}"
    assert inside.goto(f"{pages}/patients/{keys['p2']}").status == 403
    # The session is the frame's alone: beside it nobody is signed in.
    window.goto(f"{pages}/patients/{keys['p1']}")
    expect(heading(window)).to_have_text("Sign in")


def test_a_form_in_the_ehrs_frame_is_taken(window, hospital):
    origin, _ = hospital
    window.goto(f"{origin}/chart/p1?framed")
    frame = window.frame_locator("iframe")
    frame.get_by_role("button", name="doctor").click()
    frame.get_by_role("button", name="Sign out").click()
    expect(heading(frame)).to_have_text("Signed out")


def test_a_page_of_somebody_else_may_frame_nothing(window, hospital, chromium):
    _, pages = hospital
    window.set_content(f'<iframe src="{pages}/sign-in"></iframe>')
    window.wait_for_timeout(300)
    assert all("Sign in" not in f.content() for f in window.frames[1:])
