"""`boneflag keys`: a key pair for SMART, and the public half to register."""

import json
import os

import pytest
from typer.testing import CliRunner

from service import cli
from service.ehr.smart.keys import keys_in, new_key, public_jwks
from service.settings import load_settings


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """An environment without settings."""
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(*words):
    return CliRunner().invoke(cli.app, ["keys", *words])


def only_file(folder):
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("alg", ["RS384", "ES384"])
def test_a_new_key_pair_is_a_private_file_and_a_public_jwks(tmp_path, alg):
    result = run("new", "--alg", alg, "--out", str(tmp_path / "keys"))

    assert result.exit_code == 0, result.output
    saved = keys_in(only_file(tmp_path / "keys").read_bytes())
    assert json.loads(result.stdout) == public_jwks(saved)
    assert saved[0].alg == alg


def test_the_private_key_is_for_its_owner_alone(tmp_path):
    run("new", "--out", str(tmp_path / "keys"))

    assert only_file(tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_the_private_key_is_never_printed(tmp_path):
    result = run("new", "--alg", "ES384", "--out", str(tmp_path))

    body = only_file(tmp_path).read_text().splitlines()[1:-1]
    assert "PRIVATE" not in result.output
    assert not any(line in result.output for line in body)
    assert "d" not in json.loads(result.stdout)["keys"][0]


def test_what_to_do_next_is_told_beside_the_jwks(tmp_path):
    result = run("new", "--out", str(tmp_path))

    (key,) = keys_in(only_file(tmp_path).read_bytes())
    assert f"Key id: {key.kid}" in result.stderr
    assert f"BONEFLAG_SMART_KEY_FILES={only_file(tmp_path)}" in result.stderr


def test_a_folder_that_cannot_be_made_ends_with_2(tmp_path):
    (tmp_path / "file").write_text("")

    result = run("new", "--out", str(tmp_path / "file" / "keys"))

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    assert "Traceback" not in result.output


def test_a_key_that_is_there_is_never_written_over(tmp_path, monkeypatch):
    key = new_key("ES384")
    monkeypatch.setattr("service.ehr.smart.keys.new_key", lambda _: key)
    run("new", "--out", str(tmp_path))

    result = run("new", "--out", str(tmp_path))

    assert result.exit_code == 2
    assert "exists" in result.stderr


def test_both_keys_of_a_rotation_are_published_newest_first(tmp_path, monkeypatch):
    keys = [new_key("ES384"), new_key("RS384")]
    for number, key in enumerate(keys):
        (tmp_path / f"{number}.pem").write_bytes(key.pem)
    monkeypatch.setenv("BONEFLAG_SMART_CLIENT_ID", "us")
    monkeypatch.setenv("BONEFLAG_SMART_KEY_FILES", f"{tmp_path}/0.pem, {tmp_path}/1.pem")

    result = run("jwks")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == public_jwks(keys)


def test_the_jwks_goes_into_a_file_where_one_is_named(tmp_path, monkeypatch):
    key = new_key("ES384")
    (tmp_path / "key.pem").write_bytes(key.pem)
    monkeypatch.setenv("BONEFLAG_SMART_CLIENT_ID", "us")
    monkeypatch.setenv("BONEFLAG_SMART_KEY_FILES", f"{tmp_path}/key.pem")

    result = run("jwks", "--out", str(tmp_path / "jwks.json"))

    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads((tmp_path / "jwks.json").read_text()) == public_jwks([key])


def test_a_jwks_file_that_cannot_be_written_ends_with_2(tmp_path, monkeypatch):
    (tmp_path / "key.pem").write_bytes(new_key("ES384").pem)
    monkeypatch.setenv("BONEFLAG_SMART_CLIENT_ID", "us")
    monkeypatch.setenv("BONEFLAG_SMART_KEY_FILES", f"{tmp_path}/key.pem")

    result = run("jwks", "--out", str(tmp_path))

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_without_a_configured_key_it_says_how_to_make_one():
    result = run("jwks")

    assert result.exit_code == 2
    assert "boneflag keys new" in result.stderr


def test_a_file_that_is_no_key_is_named_and_not_quoted(tmp_path, monkeypatch):
    (tmp_path / "key.pem").write_text("s3cret")
    monkeypatch.setenv("BONEFLAG_SMART_CLIENT_ID", "us")
    monkeypatch.setenv("BONEFLAG_SMART_KEY_FILES", f"{tmp_path}/key.pem")

    result = run("jwks")

    assert result.exit_code == 2
    assert "key.pem holds no key of ours" in result.stderr
    assert "s3cret" not in result.output


def test_the_scopes_to_ask_for_are_printed_one_a_line():
    result = run("scopes")

    assert result.exit_code == 0, result.output
    scopes = result.stdout.split()
    assert {"system/Condition.read", "system/Flag.read", "system/Medication.read"} <= set(scopes)
    assert not any(scope.endswith(".write") for scope in scopes)


def test_a_live_site_asks_to_write_and_v2_has_its_own_syntax(monkeypatch):
    monkeypatch.setenv("BONEFLAG_MODE", "live")

    assert {"system/Flag.crus", "system/Condition.rs"} <= set(run("scopes", "--v2").stdout.split())
