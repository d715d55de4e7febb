"""The audit learns who works in this process."""

from __future__ import annotations

import os
import pwd

from service import acting


def test_the_account_and_the_command_are_told():
    account = pwd.getpwuid(os.getuid()).pw_name
    with acting.acting_as("boneflag explain"):
        assert acting.process() == f"{account}: boneflag explain"


def test_outside_of_any_command_it_is_the_service():
    with acting.acting_as("boneflag explain"):
        pass
    assert acting.process().endswith(": service")


def test_an_account_without_a_name_is_told_by_its_number(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 2_000_000_001)
    assert acting.process() == "user 2000000001: service"


def test_our_version_is_told():
    assert acting.software().startswith("BoneFlag ")
