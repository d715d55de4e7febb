"""In shadow mode the EHR receives not one write, whatever is asked; counted on the wire."""

import json

import pytest
from typer.testing import CliRunner

from service import cli
from service.demo_ehr.arrivals import a_dxa_arrives, a_fracture_arrives
from service.inline import run_inline, screen_inline
from service.settings import load_settings
from tests.lib.demo_site import due, fine


@pytest.fixture
def shadow(ward, monkeypatch):
    """The settings of a ward in shadow mode, as the environment gives them to a command."""
    settings = ward.settings(mode="shadow")
    for name in ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id"):
        monkeypatch.setenv(f"BONEFLAG_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    yield ward
    load_settings.cache_clear()


def command(*words):
    result = CliRunner().invoke(cli.app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_a_sweep_a_poll_a_screening_and_a_delivery_write_nothing(shadow):
    first, second = shadow.admit_all([due, fine])
    line = shadow.line(mode="shadow")

    run_inline(line, line.start_sweep)
    shadow.load(a_fracture_arrives(second, shadow.clock.today()))
    run_inline(line, line.start_poll)
    screen_inline(line, first)
    line.deliver()

    assert shadow.proxy.requests
    assert shadow.proxy.writes == []
    assert shadow.status(second) == "due"


@pytest.mark.parametrize(
    "words",
    [
        ("sweep", "--inline"),
        ("poll", "--inline"),
        ("check",),
        ("report",),
        ("explain", "PATIENT"),
        ("explain", "PATIENT", "--picture", "FILE"),
        ("screen", "PATIENT"),
    ],
    ids=lambda words: words[0],
)
def test_no_command_writes(shadow, words, tmp_path):
    fhir_id = shadow.admit(due)

    given = {"PATIENT": fhir_id, "FILE": str(tmp_path / "time.svg")}
    command(*(given.get(word, word) for word in words))

    assert shadow.proxy.writes == []


def test_every_kind_of_door_did_reach_the_server(shadow):
    """Guards the tests above: a command that asks nothing would pass them too."""
    fhir_id = shadow.admit(due)

    command("explain", fhir_id)

    assert {r.path.split("/")[0] for r in shadow.proxy.searches} > {"Condition", "Flag", "Task"}


def test_what_would_be_sent_stands_in_the_ledger_as_shadow(shadow):
    fhir_id = shadow.admit(due)
    run = shadow.sweep(mode="shadow")

    with shadow.ledger() as ledger:
        (plan,) = ledger.outbox.shadow_plans(run.id)
        assert ledger.cohort.fhir_ids_of([plan.patient_key]) == {plan.patient_key: fhir_id}
    assert plan.plan.action == "create"
    assert run.state == "done"


def test_a_live_run_whose_settings_became_shadow_sends_nothing(shadow):
    shadow.admit(due)
    live = shadow.line(mode="live")
    run_id = live.start_sweep()
    for keys in live.hand_out(10, queue_is_empty=True, forgotten_after=_nothing()):
        live.screen(keys)

    shadow.line(mode="shadow").deliver()

    assert shadow.proxy.writes == []
    with shadow.ledger() as ledger:
        assert ledger.runs.get(run_id).open_plans == 1


def test_a_shadow_run_is_not_sent_when_the_settings_become_live(shadow):
    shadow.admit(due)
    line = shadow.line(mode="shadow")
    line.start_sweep()
    for keys in line.hand_out(10, queue_is_empty=True, forgotten_after=_nothing()):
        line.screen(keys)

    shadow.line(mode="live").deliver()

    assert shadow.proxy.writes == []


def test_a_connection_of_shadow_mode_has_no_way_to_write(shadow):
    ehr = shadow.line(mode="shadow").ehr

    with pytest.raises(RuntimeError, match="shadow mode"):
        ehr.apply(None)
    with pytest.raises(RuntimeError, match="shadow mode"):
        ehr.retire([])


def test_duplicates_are_counted_and_left_in_shadow_mode(shadow):
    fhir_id = shadow.admit(due)
    shadow.sweep(mode="live")
    (flag,) = shadow.ours("Flag", fhir_id)
    shadow.load([flag | {"id": f"{flag['id']}-2"}])
    shadow.proxy.forget()

    shadow.sweep(mode="shadow")

    assert shadow.proxy.writes == []
    assert shadow.shown(fhir_id).count("Flag active") == 2


def test_an_explanation_of_an_alert_to_be_closed_shows_what_would_be_written(shadow, tmp_path):
    fhir_id = shadow.admit(due)
    shadow.sweep(mode="live")
    shadow.load(a_dxa_arrives(fhir_id, shadow.clock.today()))
    shadow.proxy.forget()

    answer = json.loads(
        command("explain", f"Patient/{fhir_id}", "--json", "--html", str(tmp_path / "x.html"))
    )

    assert "bone density assessment, open" in (tmp_path / "x.html").read_text("utf-8")
    assert answer["plan"]["action"] == "resolve"
    assert {r["resourceType"]: r["status"] for r in answer["resources"]} == {
        "Flag": "inactive",
        "Task": "completed",
    }
    assert shadow.proxy.writes == []


def _nothing():
    from datetime import timedelta

    return timedelta()
