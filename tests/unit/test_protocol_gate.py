"""An overlay that nobody may answer for works in shadow mode and never goes live."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import structlog

from service import wiring
from service.settings import Settings, SettingsInvalid
from service.wiring import live_refusals_for, pipeline_for, protocol_for, today_for, vocabulary_for
from tests.lib.overlays import APPROVED

DAYS = {"approved": -2, "review": 300}
SAME_PERSON = ("name: Jon Beispiel", "name: Ida Muster")


@pytest.fixture
def settings(tmp_path):
    """Settings with an overlay that is approved today, changed as a test asks."""

    def made(mode="live", replaced=("", ""), more="", **days):
        today = today_for(Settings(_secrets_dir=None))
        moved = DAYS | days
        text = APPROVED.replace(*replaced) if replaced[0] else APPROVED
        text = text.replace("2026-11-20", str(today + timedelta(moved["approved"])))
        text = text.replace("2027-11-20", str(today + timedelta(moved["review"])))
        path = tmp_path / "overlay.yaml"
        path.write_text(text + more, "utf-8")
        return Settings(
            _secrets_dir=None,
            mode=mode,
            protocol_overlay=str(path),
            fhir_base_url="https://ehr.example/fhir",
            database_url=f"sqlite:///{tmp_path / 'ledger.sqlite3'}",
        )

    wiring.protocol._warn_once.cache_clear()
    return made


def test_an_approved_overlay_goes_live(settings):
    assert protocol_for(settings()).version == "0.3.0+st-elsewhere-1"


def test_without_an_overlay_the_protocol_goes_live_as_it_ships():
    given = Settings(_secrets_dir=None, mode="live")
    assert (protocol_for(given).version, live_refusals_for(given)) == ("0.3.0", ())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"replaced": SAME_PERSON}, "author and approver are the same person (Ida Muster)"),
        ({"replaced": ("approver:", "# approver:")}, "nobody has approved it"),
        ({"replaced": ("author:", "# author:")}, "nobody is named as its author"),
        ({"review": -1}, "review_by: past since"),
        ({"more": "criteria: {MSO-02: {is_on: false}}"}, "silences the MAJOR criterion MSO-02"),
        ({"replaced": ("0.3.0", "0.0.9")}, "written for version 0.0.9"),
    ],
)
def test_an_overlay_that_may_not_go_live_is_refused_with_the_reason(settings, changed, words):
    with pytest.raises(SettingsInvalid) as refusal:
        protocol_for(settings(**changed))
    assert words in str(refusal.value)


def test_the_whole_line_does_not_start_live_with_such_an_overlay(settings):
    with pytest.raises(SettingsInvalid, match="may not go live"):
        pipeline_for(settings(replaced=SAME_PERSON))


def test_on_the_review_date_itself_it_may_go_live(settings):
    assert live_refusals_for(settings(review=0)) == ()


def test_in_shadow_mode_the_same_overlay_works(settings):
    given = settings("shadow", replaced=SAME_PERSON)
    assert protocol_for(given).version == "0.3.0+st-elsewhere-1"


def test_in_shadow_mode_the_log_warns_once(settings):
    given = settings("shadow", replaced=SAME_PERSON)
    with structlog.testing.capture_logs() as logs:
        protocol_for(given)
        protocol_for(given)
    assert logs == [{"event": "overlay_not_ready_for_live", "log_level": "warning", "count": 1}]


def test_local_codes_reach_the_parser_and_the_searches(settings):
    more = (
        "local_codes: {edss: [{system: 'https://st-elsewhere.example', code: NEU-42,"
        " display: EDSS, source: us}]}"
    )
    vocabulary = vocabulary_for(settings(more=more))
    assert "NEU-42" in vocabulary.search_codes(["edss"])


def test_an_overlay_that_is_missing_stops_the_start(tmp_path):
    given = Settings(_secrets_dir=None, protocol_overlay=str(tmp_path / "none.yaml"))
    with pytest.raises(SettingsInvalid, match="cannot be read: No such file"):
        protocol_for(given)


def test_the_schemas_for_editors_know_the_names_that_are_read():
    from service.screening.overlay_file import (
        CODE_NAMES,
        ENTRY_NAMES,
        NUMBER_NAMES,
        OVERLAY_NAMES,
    )
    from tests.lib.source_tree import HOME

    path = HOME / "fhir_profiles" / "protocol" / "overlay.schema.json"
    schema = json.loads(path.read_text("utf-8"))
    properties = schema["properties"]
    number = schema["$defs"]["numbers"]["additionalProperties"]["properties"]
    entry = properties["criteria"]["additionalProperties"]["properties"]
    code = properties["local_codes"]["additionalProperties"]["items"]["properties"]
    assert [set(names) for names in (properties, entry, number, code)] == [
        set(OVERLAY_NAMES),
        set(ENTRY_NAMES),
        set(NUMBER_NAMES),
        set(CODE_NAMES),
    ]


def test_the_schema_for_editors_knows_the_names_of_the_protocol_that_ships():
    from service.screening.protocol import packaged_document
    from tests.lib.source_tree import HOME

    path = HOME / "fhir_profiles" / "protocol" / "protocol.schema.json"
    schema = json.loads(path.read_text("utf-8"))["properties"]
    document = packaged_document()
    entries = {name for item in document["criteria"] for name in item}
    policies = {name for policy in document["policies"].values() for name in policy}
    assert set(document) <= set(schema)
    assert entries <= set(schema["criteria"]["items"]["properties"])
    assert policies <= set(schema["policies"]["additionalProperties"]["properties"])
