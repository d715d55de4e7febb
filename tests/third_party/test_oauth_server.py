"""SMART Backend Services at a certified OAuth 2 server (oidc-provider) before a FHIR server.

It verifies each signature with the key that was registered, takes no assertion twice, and lets no
request through whose token is not alive or whose scopes do not cover it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from jwt.algorithms import RSAAlgorithm
from structlog.testing import capture_logs
from typer.testing import CliRunner

from service.checking import check_ehr
from service.cli import app
from service.ehr.errors import EHRRefused
from service.ehr.smart.keys import keys_in
from service.wiring import connection_for, protocol_for
from tests.lib.command_line import boneflag
from tests.third_party.node_server import NodeServer
from tests.third_party.site import otherwise, settings_for, swept

ALL_READS = (
    "Patient Condition MedicationRequest MedicationAdministration MedicationDispense"
    " MedicationStatement Medication Observation DiagnosticReport Procedure ServiceRequest"
    " Encounter AllergyIntolerance Device DeviceUseStatement FamilyMemberHistory Immunization"
    " ImagingStudy CarePlan EpisodeOfCare QuestionnaireResponse RiskAssessment Goal Appointment"
    " DocumentReference Flag Task Group"
).split()
READS = [f"system/{type_}.read" for type_ in ALL_READS]
WHOLE = " ".join([*READS, "system/Flag.write", "system/Task.write"])
WITHOUT_CONDITIONS = WHOLE.replace("system/Condition.read ", "")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Key files made as a hospital makes them, and the public half that it registers."""
    folder = tmp_path_factory.mktemp("keys")
    made = {}
    for name, alg in (("rsa", "RS384"), ("ec", "ES384"), ("new", "ES384"), ("other", "RS384")):
        out = folder / name
        said = CliRunner().invoke(app, ["keys", "new", "--out", str(out), "--alg", alg])
        assert said.exit_code == 0, said.output
        made[name] = SimpleNamespace(
            file=str(next(out.glob("*.pem"))), jwks=json.loads(said.stdout)
        )
    return SimpleNamespace(**made)


@contextmanager
def login_server(router, keys, **options) -> Iterator[NodeServer]:
    both = {"keys": keys.ec.jwks["keys"] + keys.new.jwks["keys"]}
    registered = {"rsa": keys.rsa.jwks, "ec": keys.ec.jwks, "both": both}
    clients = [{"client_id": c, "jwks": j, "scope": WHOLE} for c, j in registered.items()]
    clients.append({"client_id": "few", "jwks": keys.ec.jwks, "scope": WITHOUT_CONDITIONS})
    with NodeServer(
        "login_server.js", clients=clients, upstream=router.origin, **options
    ) as server:
        yield server


@pytest.fixture(scope="module")
def login(router, keys) -> Iterator[NodeServer]:
    with login_server(router, keys) as server:
        yield server


def counts(login) -> dict[str, int]:
    return httpx.get(f"{login.origin}/control/counts").json()


def settings(login, tmp_path, client, *key_files, **values):
    given = {"smart_client_id": client, "smart_key_files": ",".join(key_files), **values}
    return settings_for(login.base_url, tmp_path, **given)


def checked(login, tmp_path, client, *key_files, **values):
    chosen = settings(login, tmp_path, client, *key_files, **values)
    with closing(connection_for(chosen)) as ehr:
        return check_ehr(ehr, protocol_for(chosen), chosen)


@pytest.mark.parametrize("name", ["rsa", "ec"])
def test_both_algorithms_open_the_door_with_the_key_id_of_our_jwks(login, keys, tmp_path, name):
    assert checked(login, tmp_path, name, getattr(keys, name).file).can_work


def test_the_jwks_that_is_exported_holds_the_keys_that_open_the_door(keys):
    files = f"{keys.ec.file},{keys.new.file}"
    said = boneflag("keys", "jwks", smart_client_id="both", smart_key_files=files)
    assert json.loads(said.output)["keys"] == keys.ec.jwks["keys"] + keys.new.jwks["keys"]


def test_a_cohort_is_read_behind_the_login_as_it_is_without_one(login, keys, people, tmp_path):
    _, statuses = swept(settings(login, tmp_path, "ec", keys.ec.file, mode="shadow"))
    assert otherwise(people, statuses) == {}
    assert counts(login)["forbidden"] == 0


def test_a_wrong_key_is_refused_and_the_operator_told_which(login, keys, tmp_path):
    with pytest.raises(EHRRefused, match=r"invalid_client.*registered in this environment") as told:
        checked(login, tmp_path, "rsa", keys.other.file)
    assert keys.other.jwks["keys"][0]["kid"] in str(told.value)


def test_a_key_id_that_nobody_registered_is_refused(login, keys, tmp_path):
    with pytest.raises(EHRRefused, match=keys.new.jwks["keys"][0]["kid"]):
        checked(login, tmp_path, "ec", keys.new.file)


def test_another_key_under_a_key_id_that_is_registered_is_refused(login, keys, tmp_path):
    [other] = keys_in(Path(keys.other.file).read_bytes())
    jwk = RSAAlgorithm.to_jwk(other.private, as_dict=True)
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(jwk | {"kid": keys.rsa.jwks["keys"][0]["kid"]}))
    with pytest.raises(EHRRefused, match="invalid_client"):
        checked(login, tmp_path, "rsa", str(forged))


def test_a_client_id_that_nobody_registered_is_refused(login, keys, tmp_path):
    with pytest.raises(EHRRefused, match="invalid_client"):
        checked(login, tmp_path, "nobody", keys.ec.file)


def test_an_assertion_that_has_expired_by_the_servers_clock_names_our_clock(router, keys, tmp_path):
    told = pytest.raises(EHRRefused, match=r"clock is (119\d|120\d) s behind the server's")
    with login_server(router, keys, clockAheadSeconds=1200) as login, told:
        checked(login, tmp_path, "ec", keys.ec.file)


def test_a_clock_that_is_ahead_is_told_even_where_the_server_takes_our_signature(
    router, keys, tmp_path
):
    # The standard leaves `iat` in the future to the server; this one does not look at it.
    with login_server(router, keys, clockAheadSeconds=-1200) as login, capture_logs() as logs:
        checked(login, tmp_path, "ec", keys.ec.file)
    seconds = [line["seconds"] for line in logs if line["event"] == "clock_differs_from_the_ehr"]
    assert [1190 < s < 1210 for s in seconds] == [True]


def test_a_scope_that_the_client_was_not_given_is_found_before_anybody_is_read(
    login, keys, tmp_path
):
    asked = counts(login)["requests"]
    with pytest.raises(EHRRefused, match=r"invalid_scope.*boneflag keys scopes"):
        checked(login, tmp_path, "few", keys.ec.file)
    assert counts(login)["requests"] == asked


def test_a_required_type_outside_the_scopes_that_were_set_is_named(login, keys):
    said = boneflag(
        "check",
        fhir_base_url=login.base_url,
        smart_client_id="few",
        smart_key_files=keys.ec.file,
        smart_scopes=WITHOUT_CONDITIONS,
    )
    assert said.code == 4
    assert "Condition" in said.sentences[0]


def test_a_token_that_ends_before_its_time_is_renewed_once(login, keys, tmp_path):
    chosen = settings(login, tmp_path, "rsa", keys.rsa.file)
    with closing(connection_for(chosen)) as ehr:
        assert ehr.client.search("Patient", {"_count": "1"}).matches
        before = counts(login)
        httpx.post(f"{login.origin}/control/revoke").raise_for_status()
        for _ in range(3):
            assert ehr.client.search("Patient", {"_count": "1"}).matches
        after = counts(login)
    assert after["tokens"] - before["tokens"] == 1
    assert after["unauthorized"] - before["unauthorized"] == 1


def test_a_sweep_that_outlives_its_tokens_reads_everybody(router, keys, people, tmp_path):
    with login_server(router, keys, tokenSeconds=1) as login:
        run, statuses = swept(settings(login, tmp_path, "ec", keys.ec.file, mode="shadow"))
        assert counts(login)["tokens"] > 1
    assert (run.waiting, otherwise(people, statuses)) == (0, {})


def test_while_two_keys_are_registered_each_opens_the_door(login, keys, tmp_path):
    assert checked(login, tmp_path, "both", keys.ec.file).can_work
    assert checked(login, tmp_path, "both", keys.new.file).can_work


def test_a_new_key_that_the_server_does_not_know_yet_gives_way_to_the_old_one(
    login, keys, tmp_path
):
    refused = counts(login)["refused"]
    assert checked(login, tmp_path, "ec", keys.new.file, keys.ec.file).can_work
    assert counts(login)["refused"] == refused + 1
