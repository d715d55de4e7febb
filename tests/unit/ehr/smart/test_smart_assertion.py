"""The client assertion, as a login server sees it."""

from datetime import UTC, datetime

import jwt
import pytest

from service.ehr.smart.assertion import client_assertion, token_request
from service.ehr.smart.keys import new_key

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
URL = "https://ehr.example.org/oauth2/token"
KEYS = [new_key("RS384"), new_key("ES384")]


def claims_of(assertion, key):
    options = {"verify_exp": False, "verify_iat": False}
    public = jwt.PyJWK(key.public_jwk).key
    return jwt.decode(assertion, public, [key.alg], options, audience=URL)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.alg)
def test_the_registered_public_key_verifies_it(key):
    claims = claims_of(client_assertion("us", key, URL, NOW), key)

    assert (claims["iss"], claims["sub"], claims["aud"]) == ("us", "us", URL)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.alg)
def test_its_header_names_the_algorithm_and_the_key(key):
    header = jwt.get_unverified_header(client_assertion("us", key, URL, NOW))

    assert header == {"alg": key.alg, "kid": key.kid, "typ": "JWT"}


def test_it_lives_less_than_five_minutes_and_was_not_issued_in_the_future():
    claims = claims_of(client_assertion("us", KEYS[1], URL, NOW), KEYS[1])

    assert claims["exp"] - claims["iat"] <= 300
    assert claims["exp"] - NOW.timestamp() == 240
    assert claims["iat"] - NOW.timestamp() == -5
    assert "nbf" not in claims


def test_no_two_have_the_same_jti():
    made = [claims_of(client_assertion("us", KEYS[1], URL, NOW), KEYS[1]) for _ in range(50)]

    assert len({claims["jti"] for claims in made}) == 50


def test_it_is_sent_as_the_standard_names_it():
    form = token_request("us", KEYS[1], URL, NOW)

    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == (
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )
    assert claims_of(form["client_assertion"], KEYS[1])["sub"] == "us"
    assert "client_id" not in form
