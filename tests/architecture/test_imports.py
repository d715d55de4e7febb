"""Which way imports run. The contracts stand in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys

from tests.lib.source_tree import HOME, imports_of, python_modules

SPEAK_HTTP = {"service/ehr/transport.py", "service/ehr/smart_auth.py"}


def test_every_import_contract_is_kept():
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    told = subprocess.run(
        [sys.executable, "-c", command], cwd=HOME, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stdout[-4000:]


def test_only_the_client_of_the_ehr_speaks_http():
    speakers = {
        str(path.relative_to(HOME)) for path in python_modules() if "httpx" in imports_of(path)
    }
    assert speakers <= SPEAK_HTTP


def test_keys_and_signatures_stay_in_one_folder_and_the_spool_has_a_cipher():
    signers = {
        str(path.parent.relative_to(HOME))
        for path in python_modules()
        if imports_of(path) & {"jwt", "cryptography", "joserfc"}
    }
    assert signers == {"service/ehr/smart", "service/ehr/bulk", "service/identity"}


def test_criteria_never_import_each_other():
    folder = HOME / "service" / "screening" / "criteria"
    for path in folder.glob("*.py"):
        if path.name != "__init__.py":
            assert "service.screening.criteria" not in path.read_text("utf-8"), path.name


def test_no_module_of_the_product_imports_the_tests():
    for path in python_modules():
        assert not imports_of(path) & {"tests", "pytest", "hypothesis"}, path
