"""Whatever a server answers, it is read or it is misunderstood; nothing else is raised."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from service.ehr.answer import retry_after_seconds
from service.ehr.bundle import http_date, instant, read_page, read_stored, read_transaction_response
from service.ehr.capability import capability_from
from service.ehr.errors import EHRMisunderstood, issues_of
from service.ehr.subject import patient_id_of

KEYS = st.sampled_from(
    "resourceType id entry resource search mode link relation url meta lastUpdated versionId issue"
    " severity code details coding rest type interaction searchParam name software fhirVersion"
    " subject patient reference response status etag location".split()
)
WORDS = st.sampled_from(
    "Bundle Patient OperationOutcome CapabilityStatement next outcome server 4.0.1 Patient/1 201"
    " 2026-11-22T10:00:00Z #a".split()
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=8)


@settings(max_examples=300, deadline=None)
@given(OBJECTS, st.sampled_from(["Bundle", "OperationOutcome", None]))
def test_any_json_is_read_or_misunderstood(body, type_):
    if type_:
        body["resourceType"] = type_
    for read in (
        lambda: read_page(body, b"", "Patient", None),
        lambda: read_transaction_response(body),
        lambda: capability_from(body),
        lambda: issues_of(body),
        lambda: patient_id_of(body),
        lambda: read_stored(body, etag=None, location=None, is_new=False, date_header=None),
    ):
        with contextlib.suppress(EHRMisunderstood):
            read()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, [0-9 :A-Za-z+-]{0,30}"))
def test_any_header_is_read_or_passed_over(text):
    for moment in (http_date(text), instant(text)):
        assert moment is None or moment.tzinfo is not None
    wait = retry_after_seconds({"Retry-After": text, "Date": text})
    assert wait is None or 0 <= wait <= 3600
    read_stored(None, etag=text, location=text, is_new=True, date_header=text)
