"""Every setting is documented, can be set where it is deployed, and is read by somebody."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from service.settings import PREFIX, Settings
from tests.lib.source_tree import HOME, attributes_in, compose_file, our_services, python_modules

GENERATORS = (
    "build_fhir_profiles.py",
    "build_fhir_package.py",
    "print_settings.py",
    "print_vendors.py",
    "print_criteria.py",
)


@pytest.mark.heavy  # `make check` makes them all anew, too.
@pytest.mark.parametrize("script", GENERATORS)
def test_generated_files_are_fresh(script):
    told = subprocess.run(
        [sys.executable, f"scripts/{script}", "--check"],
        cwd=HOME,
        env={"PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_make_check_compares_every_generated_file():
    makefile = (HOME / "Makefile").read_text("utf-8")
    assert all(f"scripts/{script} --check" in makefile for script in GENERATORS)


def test_every_setting_has_a_line_in_the_example():
    lines = (HOME / ".env.example").read_text("utf-8").splitlines()
    told = {line.lstrip("#").split("=")[0] for line in lines if "=" in line}
    assert {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} <= told


def test_no_secret_is_set_in_the_example():
    # An environment variable, even an empty one, wins over the secret file.
    lines = (HOME / ".env.example").read_text("utf-8").splitlines()
    told = {line.split("=")[0] for line in lines if line.startswith(PREFIX)}
    assert not told & {name.upper() for name in _secrets_of_compose()}


def test_every_setting_says_what_it_is():
    assert all(field.description for field in Settings.model_fields.values())


def test_every_setting_is_read_by_somebody():
    read = set().union(
        *(attributes_in(path) for path in python_modules() if path.name != "settings.py")
    )
    # These are read through properties of Settings, and the address by `require_base_url`.
    read.add("fhir_base_url")
    through = {
        "zone": "time_zone",
        "group_ids": "cohort_group_ids",
        "list_ids": "cohort_list_ids",
        "wanted_sources": "cohort_sources",
        "card_issuers": "cds_hooks_issuers",
        "card_key_urls": "cds_hooks_key_urls",
        "card_origins": "cds_hooks_origins",
        "lead_values": "sign_in_lead_values",
        "operator_values": "sign_in_operator_values",
        "frame_origins": "launch_frame_origins",
    }
    read |= {name for reader, name in through.items() if reader in read}
    assert set(Settings.model_fields) - read == set()


def _secrets_of_compose() -> set[str]:
    return {name for service in our_services().values() for name in service["secrets"]}


def test_every_secret_file_of_our_services_is_a_setting():
    assert _secrets_of_compose() <= {f"{PREFIX.lower()}{name}" for name in Settings.model_fields}


def test_every_variable_of_our_services_is_one_that_somebody_reads():
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}BEAT_FILE"}
    given = {name for service in our_services().values() for name in service["environment"]}
    assert given <= known


@pytest.fixture
def make_secrets(monkeypatch):
    monkeypatch.syspath_prepend(str(HOME / "deploy"))
    return importlib.import_module("make_secrets")


def test_the_folder_of_the_secrets_is_for_its_owner_alone_whoever_made_it(
    make_secrets, monkeypatch, tmp_path
):
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(make_secrets, "FOLDER", folder)
    assert make_secrets.main() == 0
    assert folder.stat().st_mode & 0o777 == 0o700


def test_every_secret_that_is_mounted_is_declared_and_made(make_secrets):
    document = compose_file()
    mounted = {name for s in document["services"].values() for name in s.get("secrets", ())}
    made = make_secrets.secret_files("database password", "redis password")
    assert mounted == set(document["secrets"]) == set(made)
