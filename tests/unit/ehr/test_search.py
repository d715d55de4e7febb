"""Following pages: opaque, same origin, never in circles, never half."""

import pytest

from service.ehr.errors import EHRCutShort, EHRMisunderstood, EHRRejected, EHRUnavailable, Issue
from tests.lib.wire import BASE, Wire, answer, bundle, outcome, resource

FIRST, SECOND, THIRD = (resource("Flag", str(n)) for n in (1, 2, 3))


def search(wire, **options):
    return wire.client(**options).search("Flag", {"patient": "p"})


def test_next_links_are_followed_as_they_stand():
    link = f"{BASE}?_getpages=a%2Fb&odd=x|y,z&&_bundletype=searchset"
    wire = Wire([answer(bundle(FIRST, next_url=link)), answer(bundle(SECOND))])

    result = search(wire)

    assert result.matches == (FIRST, SECOND)
    assert result.is_complete
    assert wire.requests[1].url.query.startswith(b"_getpages=a%2Fb&odd=x")
    assert wire.requests[1].url.query.endswith(b"&&_bundletype=searchset")


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("/fhir/Flag?page=2", "/fhir/Flag?page=2"),
        ("Flag?page=2", "/fhir/Flag?page=2"),
        ("?page=2", "/fhir/Flag?page=2"),
    ],
)
@pytest.mark.parametrize("post", [False, True])
def test_relative_next_links_are_resolved(link, path, post):
    wire = Wire([answer(bundle(next_url=link)), answer(bundle())])

    wire.client().search("Flag", {"patient": "p"}, post=post)

    assert wire.requests[1].url.raw_path.decode() == path
    assert wire.requests[1].method == "GET"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.org/fhir?page=2",
        "http://ehr.example.org/fhir?page=2",
        "https://ehr.example.org:8443/fhir?page=2",
        "https://ehr.example.org@evil.example.org/fhir?page=2",
        "https://user:password@ehr.example.org/fhir?page=2",
        "//evil.example.org/fhir?page=2",
        "https://ehr.example.org:99999/fhir?page=2",
        "https://[::1/fhir?page=2",
    ],
)
def test_a_next_link_to_another_origin_is_not_followed_and_the_answer_is_incomplete(link):
    wire = Wire([answer(bundle(FIRST, next_url=link))])

    result = search(wire)

    assert len(wire.requests) == 1
    assert not result.is_complete
    assert result.matches == (FIRST,)


def test_a_next_link_that_is_no_address_at_all_is_misunderstood_without_quoting_it():
    wire = Wire([answer(bundle(FIRST, next_url=f"{BASE}?secret=\x01"))])

    with pytest.raises(EHRMisunderstood) as raised:
        search(wire)

    assert "secret" not in f"{raised.value} {raised.value.__cause__}"


def test_a_next_link_to_an_allowed_origin_is_followed():
    link = "https://fhir-2.example.org/fhir?page=2"
    wire = Wire([answer(bundle(FIRST, next_url=link)), answer(bundle(SECOND))])

    assert search(wire, allowed_origins=["https://fhir-2.example.org"]).is_complete


def test_the_default_port_is_the_same_origin():
    link = "https://EHR.example.org:443/fhir?page=2"
    wire = Wire([answer(bundle(FIRST, next_url=link)), answer(bundle(SECOND))])

    assert search(wire).is_complete


def test_a_next_link_that_comes_again_ends_an_incomplete_search():
    wire = Wire(lambda _: answer(bundle(FIRST, next_url=f"{BASE}?page=2")))

    result = search(wire)

    assert not result.is_complete
    assert len(wire.requests) == 2


def test_pages_without_end_are_cut_short():
    def another(_request):
        number = len(wire.requests)
        return answer(bundle(dict(FIRST, id=f"f{number}"), next_url=f"{BASE}?page={number}"))

    wire = Wire(another)

    result = search(wire, most_pages=5)

    assert "more than 5 pages" in result.cut_short
    assert len(wire.requests) == 5


def test_a_page_that_comes_again_under_another_address_is_not_taken_for_the_next():
    wire = Wire(lambda r: answer(bundle(FIRST, next_url=f"{BASE}?page={len(wire.requests)}")))

    result = search(wire)

    assert not result.is_complete
    assert len(wire.requests) == 2


def test_a_page_that_repeats_a_part_of_the_one_before_is_followed():
    third = dict(FIRST, id="f3")
    wire = Wire(
        [
            answer(bundle(FIRST, SECOND, next_url=f"{BASE}?page=2")),
            answer(bundle(SECOND, third, next_url=f"{BASE}?page=3")),
            answer(bundle()),
        ]
    )

    assert search(wire).is_complete


def test_pages_that_end_in_a_conflict_have_expired_and_the_search_begins_again():
    page = answer(bundle(FIRST, next_url=f"{BASE}?page=2"))
    wire = Wire([page, answer(b"", 409), page, answer(bundle(SECOND))])

    assert search(wire).matches == (FIRST, SECOND)


def test_as_many_pages_as_allowed_are_complete():
    wire = Wire([answer(bundle(FIRST, next_url=f"{BASE}?page=2")), answer(bundle(SECOND))])

    assert search(wire, most_pages=2).is_complete


def test_a_resource_that_comes_twice_is_kept_once():
    wire = Wire([answer(bundle(FIRST, next_url=f"{BASE}?page=2")), answer(bundle(FIRST, SECOND))])

    assert search(wire).matches == (FIRST, SECOND)


def test_resources_without_an_id_are_all_kept():
    nameless = {"resourceType": "Flag"}
    wire = Wire([answer(bundle(nameless, dict(nameless)))])

    assert len(search(wire).matches) == 2


@pytest.mark.parametrize("status", [400, 404, 410])
def test_an_expired_page_begins_the_whole_search_again(status):
    wire = Wire(
        [
            answer(bundle(FIRST, outcome("warning", "x"), next_url=f"{BASE}?page=2")),
            answer(outcome("error", "processing", "4113"), status),
            answer(bundle(SECOND, next_url=f"{BASE}?page=2b")),
            answer(bundle(THIRD)),
        ]
    )

    result = search(wire)

    assert result.matches == (SECOND, THIRD)
    assert result.issues == ()
    assert result.is_complete


def test_pages_that_keep_expiring_make_an_incomplete_answer_after_two_restarts():
    def handler(request):
        if b"page" in request.url.query:
            return answer(b"", 410)
        return answer(bundle(FIRST, next_url=f"{BASE}?page=2"))

    wire = Wire(handler)

    result = search(wire)

    assert not result.is_complete
    assert len(wire.requests) == 6


def test_a_first_page_that_is_rejected_is_not_an_expired_page():
    with pytest.raises(EHRRejected):
        search(Wire([answer(b"", 400)]))


def test_an_unavailable_server_in_the_middle_is_an_error_and_not_an_end():
    wire = Wire([answer(bundle(FIRST, next_url=f"{BASE}?page=2")), *[answer(b"", 503)] * 3])

    with pytest.raises(EHRUnavailable):
        search(wire)


def test_an_answer_from_which_something_was_withheld_is_incomplete():
    wire = Wire([answer(bundle(FIRST, outcome("information", "suppressed")))])

    result = search(wire)

    assert result.issues == (Issue("information", "suppressed"),)
    assert not result.is_complete


def test_an_ordinary_warning_leaves_an_answer_complete():
    assert search(Wire([answer(bundle(FIRST, outcome("warning", "informational")))])).is_complete


def test_pages_can_be_read_as_they_come_with_their_bytes():
    wire = Wire([answer(bundle(FIRST, next_url=f"{BASE}?page=2")), answer(bundle(SECOND))])

    pages = list(wire.client().pages("Flag", {"patient": "p"}))

    assert [len(page.matches) for page in pages] == [1, 1]
    assert b'"searchset"' in pages[0].raw


# The total


def test_a_search_that_found_more_than_its_pages_brought_is_cut_short():
    result = search(Wire([answer(bundle(FIRST, total=2))]))

    assert "found more than its pages brought" in result.cut_short
    assert result.matches == (FIRST,)


@pytest.mark.parametrize("total", [0, 1, None, "2", 2.5, True, -1])
def test_a_total_that_is_no_higher_or_no_number_cuts_nothing_short(total):
    assert search(Wire([answer(bundle(FIRST, total=total))])).is_complete


def test_an_estimate_before_the_last_page_is_not_believed():
    first = answer(bundle(FIRST, total=900, next_url=f"{BASE}?page=2"))

    assert search(Wire([first, answer(bundle(SECOND, total=2))])).is_complete
    assert search(Wire([first, answer(bundle(SECOND))])).is_complete


def test_pages_that_are_lost_at_the_end_are_missed_by_the_total():
    first = answer(bundle(FIRST, total=3, next_url=f"{BASE}?page=2"))

    assert not search(Wire([first, answer(bundle(SECOND, total=3))])).is_complete


def test_matches_that_are_counted_twice_because_they_come_twice_are_not_missed():
    first = answer(bundle(FIRST, SECOND, total=4, next_url=f"{BASE}?page=2"))

    assert search(Wire([first, answer(bundle(SECOND, THIRD, total=4))])).is_complete


def test_a_total_that_counts_what_is_included_misses_nothing():
    asked_for_too = resource("Practitioner", "somebody")

    assert search(Wire([answer(bundle(FIRST, asked_for_too, total=2))])).is_complete


def test_what_came_before_a_restart_does_not_make_up_for_what_is_missing_after_it():
    wire = Wire(
        [
            answer(bundle(FIRST, SECOND, total=3, next_url=f"{BASE}?page=2")),
            answer(b"", 410),
            answer(bundle(THIRD, total=3)),
        ]
    )

    assert not search(wire).is_complete


def test_whoever_reads_page_by_page_is_told_of_a_cut():
    wire = Wire(lambda _: answer(bundle(FIRST, next_url=f"{BASE}?page=2")))

    with pytest.raises(EHRCutShort):
        list(wire.client().pages("Flag", {"patient": "p"}))
