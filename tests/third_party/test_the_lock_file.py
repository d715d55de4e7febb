"""What may stand in the lock file of the Node servers."""

from __future__ import annotations

import json

from tests.third_party.node_server import LOCK_FILE


def test_the_lock_file_pins_every_package_by_its_hash_and_names_no_address():
    text = LOCK_FILE.read_text("utf-8")
    packages = {n: p for n, p in json.loads(text)["packages"].items() if n}
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert "://" not in text
