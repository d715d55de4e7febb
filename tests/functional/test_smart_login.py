"""SMART Backend Services against a server that we did not write: it checks every signature.

sekmet verifies the assertion (signature, audience, life of five minutes at most, `jti` never used
twice), gives tokens that live as long as we say, and enforces the scopes of each request.
"""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace

import pytest

from service.checking import check_ehr
from service.demo_ehr.people import make_people
from service.demo_ehr.recording import RecordingProxy
from service.demo_ehr.server import DemoEHR
from service.ehr.errors import EHRRefused
from service.ehr.smart.keys import new_key, public_jwks
from service.inline import run_inline
from service.settings import Settings
from service.wiring import connection_for, pipeline_for, protocol_for, today_for
from tests.lib.demo_site import ours
from tests.lib.expected import status_after_a_sweep
from tests.lib.going_live import go_live

pytestmark = pytest.mark.heavy  # A hospital of its own behind a login server.

PEOPLE = 281
# sekmet fails where it has to try an RSA key on an ES384 assertion: both keys of a rotation are EC.
KEYS = {"rsa": new_key("RS384"), "ec": new_key("ES384"), "old": new_key("ES384")}
ALL = "system/*.*"
CLIENTS = {
    # One client for each claim; `registered` is what the EHR team knows of its keys.
    "whole": (["ec"], ALL),
    "rsa": (["rsa"], ALL),
    "two-keys": (["old"], ALL),
    "reads-only": (["ec"], "system/*.read"),
    "no-observations": (["ec"], "system/Patient.read system/Condition.read"),
    "another-key": (["old"], ALL),
}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """The invented hospital behind a login; its people, and where our keys are."""
    directory = tmp_path_factory.mktemp("smart")
    for name, key in KEYS.items():
        (directory / f"{name}.pem").write_bytes(key.pem)
    clients = [
        {
            "client_id": client_id,
            "jwks": public_jwks([KEYS[k] for k in registered]),
            "scopes": scopes,
        }
        for client_id, (registered, scopes) in CLIENTS.items()
    ]
    with DemoEHR(directory / "server") as server:
        today = today_for(Settings())
        people = make_people(today, PEOPLE)
        server.load(r for person in people for r in person.resources)
        server.require_smart(clients, token_seconds=2)
        yield SimpleNamespace(server=server, people=people, directory=directory)


def settings(hospital, client_id="whole", keys=("ec",), **values):
    files = ",".join(str(hospital.directory / f"{name}.pem") for name in keys)
    given = {
        "fhir_base_url": hospital.server.base_url,
        "smart_client_id": client_id,
        "smart_key_files": files,
        "mode": "live",
        "max_new_alerts_per_run": 1000,
        "max_new_alerts_percent_per_run": 100,
        **values,
    }
    return Settings(**given)


def checked(hospital, **values):
    chosen = settings(hospital, **values)
    with closing(connection_for(chosen)) as ehr:
        return check_ehr(ehr, protocol_for(chosen), chosen)


def swept(hospital, tmp_path, **values):
    """The status of everybody in the cohort after a sweep, and the run."""
    ledger = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    chosen = settings(hospital, database_url=ledger, **values)
    go_live(chosen)
    pipeline = pipeline_for(chosen)
    with closing(pipeline.ehr), closing(pipeline.ledger):
        run = run_inline(pipeline, pipeline.start_sweep)
        members = pipeline.ledger.cohort.members()
        ids = pipeline.ledger.cohort.fhir_ids_of(members)
        latest = pipeline.ledger.screenings.latest(members)
        return {ids[key]: entry.status for key, entry in latest.items()}, run


def test_the_invented_hospital_is_read_whole_with_scopes_derived_from_the_protocol(
    hospital, tmp_path
):
    # The tokens live two seconds, so that they are renewed while the sweep goes on.
    statuses, _ = swept(hospital, tmp_path, mode="shadow")

    expected = {p.id: status_after_a_sweep(p) for p in hospital.people}
    assert statuses == {i: s for i, s in expected.items() if i in statuses}
    assert {s for i, s in expected.items() if i not in statuses} == {"not-in-cohort"}


def test_alerts_are_written_through_smart(hospital, tmp_path):
    # sekmet refuses a transaction with these scopes, which are narrow: each half goes on its own.
    statuses, run = swept(hospital, tmp_path)

    due = sum(status == "due" for status in statuses.values())
    with closing(connection_for(settings(hospital))) as ehr:
        flags = [flag for flag in ours(ehr.client, "Flag") if flag["status"] == "active"]
    assert run.open_plans == 0
    assert len(flags) == due > 50


@pytest.mark.parametrize(("client_id", "keys"), [("whole", ["ec"]), ("rsa", ["rsa"])])
def test_both_algorithms_of_smart_open_the_door(hospital, client_id, keys):
    assert checked(hospital, client_id=client_id, keys=keys).can_work


def test_during_a_rotation_the_key_that_the_ehr_knows_opens_the_door(hospital):
    assert checked(hospital, client_id="two-keys", keys=["ec", "old"]).can_work


def test_a_key_that_is_not_registered_is_refused_with_its_key_id_and_no_secret(hospital):
    with pytest.raises(EHRRefused) as told:
        checked(hospital, client_id="another-key")

    assert KEYS["ec"].kid in str(told.value)
    assert "registered" in str(told.value)


def test_a_client_that_nobody_registered_is_refused(hospital):
    with pytest.raises(EHRRefused, match="invalid_client"):
        checked(hospital, client_id="nobody")


def test_scopes_that_let_us_read_only_are_found_before_anything_is_written(hospital):
    report = checked(hospital, client_id="reads-only")

    assert not report.can_work
    assert "no way to show an alert works here" in report.why_not
    assert "the server does not offer create of Flag" in report.why_not
    assert checked(hospital, client_id="reads-only", mode="shadow").can_work


def test_required_types_outside_the_granted_scopes_are_named(hospital):
    with pytest.raises(EHRRefused, match=r"Observation.*ask your EHR team"):
        checked(hospital, client_id="no-observations")


def test_a_token_endpoint_on_another_server_is_used_where_it_is_configured(hospital):
    with RecordingProxy(hospital.server.base_url) as proxy:
        token_url = hospital.server.base_url.replace("/fhir", "/auth/token")
        chosen = settings(hospital, fhir_base_url=proxy.base_url, smart_token_url=token_url)
        with closing(connection_for(chosen)) as ehr:
            assert ehr.grant().is_whole
            assert ehr.client.search("Patient", {"_count": "1"}).matches
