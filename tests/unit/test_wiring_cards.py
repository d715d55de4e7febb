"""Settings of cards: what is made of them, and what is refused with a sentence."""

from __future__ import annotations

import pytest

from service.settings import Settings, SettingsInvalid
from service.web.app import wanted_routes
from service.web.cds_hooks.call_json import call_from
from service.wiring import ledger_for
from service.wiring.cards import callers_for, card_feedback_for, card_line_for, card_url_for
from tests.lib.card_world import view

GIVEN = {
    "fhir_base_url": "https://ehr.example/fhir",
    "cds_hooks_url": "https://boneflag.example/",
    "cds_hooks_issuers": "https://ehr.example/, https://other.example",
    "cds_hooks_key_urls": "https://ehr.example/keys/jwks.json",
    "delivery": "cds-hooks",
}


def paths(settings: Settings) -> set[str]:
    return {getattr(route, "path", "") for route in wanted_routes(settings)}


def test_without_an_address_there_are_no_cards():
    assert paths(Settings(fhir_base_url="https://ehr.example/fhir")) == set()


def test_with_an_address_the_pages_of_cds_hooks_are_there():
    assert paths(Settings(**GIVEN)) == {
        "/cds-services",
        "/cds-services/{id}",
        "/cds-services/{id}/feedback",
        "/openapi.json",
    }


@pytest.mark.parametrize("missing", ["cds_hooks_issuers", "cds_hooks_key_urls"])
def test_cards_for_just_anybody_are_refused(missing):
    settings = Settings(**{name: value for name, value in GIVEN.items() if name != missing})
    with pytest.raises(SettingsInvalid, match="who may ask is not"):
        callers_for(settings)


@pytest.mark.parametrize("url", ["http://ehr.example/jwks.json", "jwks.json"])
def test_keys_must_be_fetched_over_tls(url):
    with pytest.raises(SettingsInvalid, match="CDS_HOOKS_KEY_URLS"):
        callers_for(Settings(**{**GIVEN, "cds_hooks_key_urls": url}))


@pytest.mark.parametrize("url", ["boneflag.example", "ftp://boneflag.example", "https://b/?x=1"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(SettingsInvalid, match="BONEFLAG_CDS_HOOKS_URL is no address"):
        card_url_for(Settings(**{**GIVEN, "cds_hooks_url": url}))


def test_the_audience_has_no_slash_at_its_end():
    assert card_url_for(Settings(**GIVEN)) == "https://boneflag.example"


def test_what_is_made_of_the_settings_answers_a_call(tmp_path):
    settings = Settings(**GIVEN, database_url=f"sqlite:///{tmp_path}/ledger.sqlite3")
    with ledger_for(settings) as ledger:
        assert card_line_for(settings, ledger).answer(call_from(view())) == ()
        (row,) = ledger.audit.rows()
        assert row.reason == "not approved"
        assert card_feedback_for(settings, ledger) is not None
