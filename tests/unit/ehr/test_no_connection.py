"""Why no connection came about: by the kind of the fault below, never by its text."""

import socket
import ssl

import pytest

from service.ehr.no_connection import why_no_connection

SETTING = "BONEFLAG_FHIR_BASE_URL"
SECRET = "person-77"


def untrusted(code):
    error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {SECRET}")
    error.verify_code = code
    return error


def below(cause):
    """An error as httpx gives it: two layers above what the operating system said."""
    middle, top = OSError(SECRET), RuntimeError(f"https://ehr.example.org/Patient/{SECRET}")
    middle.__cause__, top.__context__ = cause, middle
    return top


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (untrusted(10), "has expired"),
        (untrusted(9), "not valid yet"),
        (untrusted(18), "BONEFLAG_FHIR_CA_FILE"),
        (untrusted(20), "BONEFLAG_FHIR_CA_FILE"),
        (untrusted(62), f"another host: write the host in {SETTING}"),
        (untrusted(64), "another host"),
        (untrusted(23), "cannot be trusted"),
        (ssl.SSLError(1, SECRET), "no TLS can be agreed on"),
        (socket.gaierror(-2, SECRET), f"host name is not known here: check {SETTING}"),
        (ConnectionRefusedError(111, SECRET), "the connection is refused"),
        (TimeoutError(SECRET), "nobody answers"),
        (ValueError(SECRET), f"RuntimeError: check {SETTING}"),
    ],
)
def test_each_kind_of_fault_is_told_without_its_text(cause, words):
    told = why_no_connection(below(cause), SETTING)

    assert words in told
    assert SECRET not in told


def test_causes_that_run_in_a_circle_end():
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first

    assert why_no_connection(first, SETTING).startswith("RuntimeError")
