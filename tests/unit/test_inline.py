"""The whole job in one process: what a terminal sees of it."""

import io
import sys

from service.inline import _with_progress


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self):
        return True


def test_without_a_terminal_there_is_no_bar():
    batches = [("a",), ("b",)]

    assert _with_progress(batches) is batches


def test_a_terminal_sees_a_bar_and_every_batch_is_worked_on(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    assert list(_with_progress([("a",), ("b",)])) == [("a",), ("b",)]
    assert "Screening" in terminal.getvalue()
