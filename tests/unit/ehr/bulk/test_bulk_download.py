"""Files of an export, line by line."""

import httpx
import pytest

from service.ehr.bulk.download import Downloads, FileExpired, lines_in
from service.ehr.bulk.manifest import ExportFile
from service.ehr.errors import EHRCutShort, EHRError, EHRRefused, EHRUnavailable
from service.ehr.options import BearerToken
from tests.lib.wire import BASE, Wire, answer

OWN = f"{BASE}/files/1"
STORAGE = "https://storage.example.net/bucket/1?signature=abc"


def read(answers, url=OWN, count=None, *, needs_token=True, **options):
    """The lines, and the wire; pauses are not waited for."""
    wire = Wire(answers)
    client = wire.client(auth=BearerToken("secret"), **options)
    lines = []
    pauses = []
    downloads = Downloads(client, needs_token=needs_token, pause=pauses.append)
    fault = None
    try:
        downloads.read(ExportFile("Patient", url, count), lines.append)
    except EHRError as error:
        fault = error
    return lines, wire, fault, pauses


def file_of(content, status=200, **headers):
    return httpx.Response(status, content=content, headers=headers)


def breaking_off(*pieces):
    def stream():
        yield from pieces
        raise httpx.RemoteProtocolError("peer closed connection https://secret")

    return httpx.Response(200, content=stream())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_the_same_however_the_file_is_cut_into_pieces(size):
    content = b'{"a":1}\r\n\n{"b":2}\n{"c":3}'
    pieces = [content[i : i + size] for i in range(0, len(content), size)]
    assert list(lines_in(pieces)) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


def test_a_byte_order_mark_belongs_to_no_line():
    assert list(lines_in([b"\xef\xbb\xbf{}\n"])) == [b"{}"]


def test_a_file_without_lines_is_given_up_before_it_fills_the_memory():
    with pytest.raises(EHRCutShort):
        list(lines_in(b"x" * 2**20 for _ in range(100)))


def test_the_token_goes_to_our_own_server_where_it_is_needed():
    _, wire, _, _ = read([file_of(b"{}\n")])
    assert wire.requests[0].headers["Authorization"] == "Bearer secret"


def test_the_token_stays_here_where_it_is_not_needed():
    _, wire, _, _ = read([file_of(b"{}\n")], needs_token=False)
    assert "Authorization" not in wire.requests[0].headers


def test_the_token_never_goes_to_another_server_even_where_it_is_asked_for():
    lines, wire, _, _ = read([file_of(b"{}\n")], STORAGE)
    assert "Authorization" not in wire.requests[0].headers
    assert lines == [b"{}"]


def test_a_redirect_to_a_storage_is_followed_without_the_token():
    lines, wire, _, _ = read([file_of(b"", 307, Location=STORAGE), file_of(b"{}\n")])
    assert [r.headers.get("Authorization") for r in wire.requests] == ["Bearer secret", None]
    assert str(wire.requests[1].url) == STORAGE
    assert lines == [b"{}"]


def test_redirects_in_a_circle_come_to_an_end():
    _, _, fault, _ = read(lambda _: file_of(b"", 307, Location=OWN))
    assert isinstance(fault, EHRCutShort)


def test_an_address_without_tls_is_not_asked():
    _, wire, fault, _ = read([file_of(b"{}\n")], "http://storage.example.net/1")
    assert isinstance(fault, EHRRefused | FileExpired)
    assert wire.requests == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_link_that_has_expired_is_told_apart_from_a_cut_file(status):
    _, wire, fault, _ = read([answer({}, status)])
    assert isinstance(fault, FileExpired)
    assert len(wire.requests) == 1


def test_a_file_that_breaks_off_is_read_again_from_its_beginning():
    lines, _, fault, _ = read([breaking_off(b"{1}\n{2"), file_of(b"{1}\n{2}\n")])
    assert fault is None
    assert lines[-2:] == [b"{1}", b"{2}"]


def test_a_file_that_goes_on_breaking_off_is_incomplete():
    _, wire, fault, pauses = read(lambda _: breaking_off(b"{1}\n"))
    assert isinstance(fault, EHRCutShort)
    assert len(wire.requests) == 3
    assert pauses == [1.0, 5.0]


def test_an_address_is_in_no_error():
    _, _, fault, _ = read(lambda _: breaking_off(b"{1}\n"))
    assert "http" not in str(fault)


@pytest.mark.parametrize(("count", "is_cut"), [(1, False), (2, False), (3, True), (None, False)])
def test_a_file_with_fewer_lines_than_the_manifest_says_is_incomplete(count, is_cut):
    _, _, fault, _ = read(lambda _: file_of(b"{1}\n{2}\n"), count=count)
    assert isinstance(fault, EHRCutShort) is is_cut


def test_a_server_that_is_away_for_a_moment_is_asked_again():
    lines, _, fault, _ = read([answer({}, 503), file_of(b"{}\n")])
    assert (lines, fault) == ([b"{}"], None)


def test_a_server_that_asks_for_a_long_wait_is_left_alone():
    _, wire, fault, _ = read(lambda _: answer({}, 429, Retry_After="600"))
    assert isinstance(fault, EHRUnavailable)
    assert len(wire.requests) == 1
