"""The keys of a provider: which are taken, and how often they are asked for."""

from __future__ import annotations

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from service.ehr.smart.sign_in import LoginAnswer
from service.identity.errors import ProviderAway
from service.identity.id_token import ProviderKeys
from service.identity.provider import read_json
from service.identity.said_of_people import name_of, values_at

OLD = ECKey.generate_key("P-256", {"kid": "old"})
NEW = ECKey.generate_key("P-256", {"kid": "new"})


class Published:
    def __init__(self, *keys):
        self.keys = [key.as_dict(private=False) for key in keys]
        self.asked = 0
        self.now = 0.0
        self.is_away = False

    def __call__(self):
        self.asked += 1
        if self.is_away:
            raise ProviderAway("away")
        return {"keys": self.keys}


def test_an_unknown_key_is_asked_for_at_once_and_then_once_a_minute():
    published = Published(OLD)
    keys = ProviderKeys(published, lambda: published.now)
    assert [key.kid for key in keys.for_header({"kid": "old"})] == ["old"]
    published.keys = [NEW.as_dict(private=False)]
    assert keys.for_header({"kid": "new"}) == []
    published.now = 59.0
    assert keys.for_header({"kid": "new"}) == []
    assert published.asked == 1
    published.now = 60.0
    assert [key.kid for key in keys.for_header({"kid": "new"})] == ["new"]
    assert published.asked == 2


def test_a_key_that_the_provider_took_back_is_believed_for_an_hour_at_most():
    published = Published(OLD)
    keys = ProviderKeys(published, lambda: published.now)
    keys.for_header({"kid": "old"})
    published.keys = [NEW.as_dict(private=False)]
    published.now = 3599.0
    assert [key.kid for key in keys.for_header({"kid": "old"})] == ["old"]
    published.now = 3600.0
    assert keys.for_header({"kid": "old"}) == []


def test_a_provider_whose_keys_cannot_be_read_now_is_believed_as_an_hour_ago():
    published = Published(OLD)
    keys = ProviderKeys(published, lambda: published.now)
    keys.for_header({"kid": "old"})
    published.is_away, published.now = True, 3600.0
    for _ in range(2):
        assert [key.kid for key in keys.for_header({"kid": "old"})] == ["old"]
    assert published.asked == 2  # Nobody waits for it once more.


def test_a_token_that_names_no_key_may_be_signed_by_any():
    keys = ProviderKeys(Published(OLD, NEW))
    assert {key.kid for key in keys.for_header({})} == {"old", "new"}


def test_secret_keys_keys_for_encryption_and_broken_ones_cost_only_themselves():
    published = Published(OLD)
    secret = OctKey.generate_key(256, {"kid": "secret"}).as_dict(private=True)
    encrypts = RSAKey.generate_key(2048, {"kid": "encrypts", "use": "enc"}).as_dict(private=False)
    published.keys += [secret, encrypts, {"kty": "EC", "kid": "broken"}, "nothing"]
    keys = ProviderKeys(published)
    assert [key.kid for key in keys.for_header({})] == ["old"]


def test_roles_are_found_where_the_claim_leads_and_nowhere_else():
    claims = {"a.b": ["whole"], "a": {"b": ["path"], "c": "one two", "d": 5, "e": [1, "x"]}}
    assert values_at(claims, "a.b") == {"whole"}
    assert values_at(claims, "a.c") == {"one two", "one", "two"}
    assert values_at(claims, "a.e") == {"x"}
    for path in ("a.d", "a.d.e", "a.x", "", "x", "a.b.c.d"):
        assert values_at(claims, path) == set()


def test_a_name_is_the_claim_that_was_chosen_else_the_subject_and_fits_a_line():
    assert name_of({"sub": "s", "n": "A. Lead"}, "n") == "A. Lead"
    for nothing in ("", "  ", 5, None):
        assert name_of({"sub": "s", "n": nothing}, "n") == "s"
    assert name_of({"sub": "s", "n": "a\nb\x00" + "c" * 200}, "n") == "ab" + "c" * 98


def test_an_answer_that_is_nested_without_end_is_no_answer():
    nested = LoginAnswer(200, b'{"keys":' + b"[" * 100_000, {})
    with pytest.raises(ProviderAway, match="no JSON object"):
        read_json(lambda *_: nested, "https://login.example/jwks")
