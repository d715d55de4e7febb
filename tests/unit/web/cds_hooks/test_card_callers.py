"""Who may ask for a card: forged, expired, replayed and unsigned tokens are refused."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from service.ehr.errors import EHRUnavailable
from service.ehr.smart.callers import CallerRefused, Callers, CallerUnverifiable
from service.ehr.smart.keys import SigningKey, new_key, public_jwks
from service.store.nonces import Nonces
from tests.lib.card_world import ISSUER, JKU, KEY, SERVICE, URL, card_world, view

PATH = f"/cds-services/{SERVICE}"
AUDIENCE = URL + PATH
RSA = new_key("RS384")


@pytest.fixture
def world(tmp_path):
    with card_world(tmp_path) as made:
        yield made


def status(world, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # 412: whoever asks is believed, and nothing is known of the patient.
    return world.ask("POST", PATH, json=view(), headers=headers).status_code


def ago(**span):
    return int((datetime.now(UTC) - timedelta(**span)).timestamp())


@dataclass
class KeyPage:
    """Where the hospital publishes its keys, with a clock that a test sets."""

    keys: list[SigningKey] = field(default_factory=lambda: [KEY])
    is_away: bool = False
    asked: int = 0
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self.may_answer.set()

    def __call__(self, _url):
        self.asked += 1
        if not self.may_answer.is_set():
            self.is_asked.set()
            assert self.may_answer.wait(10)
        if self.is_away:
            raise EHRUnavailable("away")
        return public_jwks(self.keys)


def callers_by(page):
    return Callers([ISSUER], [JKU], page, Nonces(None).take, lambda: page.now)


def own_token(key=KEY, kid=""):
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 300, "jti": uuid.uuid4().hex}
    headers = {"kid": kid or key.kid, "jku": JKU}
    return "Bearer " + jwt.encode(claims, key.private, algorithm=key.alg, headers=headers)


def test_the_hospitals_own_ehr_may_ask(world):
    assert status(world, world.token(PATH)) == 412


def test_nobody_may_ask_without_a_token(world):
    assert status(world, "") == 401


def test_a_token_holds_once(world):
    token = world.token(PATH)
    assert [status(world, token), status(world, token)] == [412, 401]


def test_an_expired_token_is_refused(world):
    assert status(world, world.token(PATH, exp=ago(minutes=5), iat=ago(minutes=10))) == 401


def test_a_token_that_was_issued_tomorrow_is_refused(world):
    assert status(world, world.token(PATH, iat=ago(days=-1))) == 401


def test_a_token_that_lives_for_a_day_is_refused(world):
    assert status(world, world.token(PATH, exp=ago(days=-1))) == 401


def test_a_forged_signature_is_refused(world):
    forger = new_key("ES384")
    claims = jwt.decode(world.token(PATH), options={"verify_signature": False})
    header = {"kid": KEY.kid, "jku": JKU}
    forged = jwt.encode(claims, forger.private, algorithm="ES384", headers=header)
    assert status(world, forged) == 401


def test_a_changed_claim_is_refused(world):
    header, _, signature = world.token(PATH).split(".")
    other = jwt.decode(
        world.token(PATH, iss="https://ehr.example.org"), options={"verify_signature": False}
    )
    body = base64.urlsafe_b64encode(json.dumps(other | {"x": 1}).encode()).rstrip(b"=").decode()
    assert status(world, f"{header}.{body}.{signature}") == 401


def test_a_token_without_a_signature_is_refused(world):
    claims = jwt.decode(world.token(PATH), options={"verify_signature": False})
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": KEY.kid, "jku": JKU})
    assert status(world, unsigned) == 401


def test_a_token_signed_with_a_shared_secret_is_refused(world):
    claims = jwt.decode(world.token(PATH), options={"verify_signature": False})
    header = {"kid": KEY.kid, "jku": JKU}
    secret = KEY.public_jwk["x"] * 2
    assert status(world, jwt.encode(claims, secret, algorithm="HS384", headers=header)) == 401


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "jti"])
def test_every_claim_of_the_specification_is_asked_for(world, claim):
    assert status(world, world.token(PATH, **{claim: None})) == 401


def test_a_stranger_is_refused(world):
    assert status(world, world.token(PATH, iss="https://other.example")) == 401


def test_a_token_for_another_address_is_refused(world):
    assert status(world, world.token(f"{PATH}/feedback")) == 401


def test_an_address_in_a_list_is_an_address(world):
    assert status(world, world.token(PATH, aud=[URL + PATH])) == 412


def test_keys_are_never_fetched_from_where_a_token_says(world):
    elsewhere = {"jku": "https://evil.example/jwks.json"}
    assert status(world, world.token(PATH, header=elsewhere)) == 401
    assert world.keys_fetched == []


def test_a_token_that_names_no_keys_is_verified_by_the_hospitals(world):
    claims = jwt.decode(world.token(PATH), options={"verify_signature": False})
    plain = jwt.encode(claims, KEY.private, algorithm="ES384", headers={"kid": KEY.kid})
    assert status(world, plain) == 412


def test_a_key_that_nobody_publishes_is_refused(world):
    assert status(world, world.token(PATH, header={"kid": "other"})) == 401


def test_an_unknown_key_does_not_make_us_ask_again_and_again(world):
    for _ in range(5):
        status(world, world.token(PATH, header={"kid": "other"}))
    assert len(world.keys_fetched) == 1


def test_keys_are_fetched_once_for_many_calls(world):
    for _ in range(3):
        status(world, world.token(PATH))
    assert world.keys_fetched == [JKU]


def test_rsa_is_as_good(world):
    world.published = public_jwks([KEY, RSA])
    claims = jwt.decode(world.token(PATH), options={"verify_signature": False})
    header = {"kid": RSA.kid, "jku": JKU}
    assert status(world, jwt.encode(claims, RSA.private, algorithm="RS384", headers=header)) == 412


def test_a_key_is_used_for_its_own_algorithm_only(world):
    world.published = {"keys": [{**KEY.public_jwk, "alg": "RS384"}]}
    assert status(world, world.token(PATH)) == 401


@pytest.mark.parametrize(
    "published", [{}, {"keys": 3}, {"keys": [1]}, {"keys": [{"kid": KEY.kid}]}]
)
def test_a_broken_key_page_lets_nobody_in(world, published):
    world.published = published
    assert status(world, world.token(PATH)) == 401


def test_keys_that_cannot_be_fetched_now_are_nobodys_forgery(world, monkeypatch):
    def away(_url):
        raise EHRUnavailable("away")

    monkeypatch.setattr(world.callers, "_fetch_keys", away)
    assert status(world, world.token(PATH)) == 503


def test_an_outage_of_the_key_page_is_waited_for_once_and_not_by_every_call():
    page = KeyPage()
    callers = callers_by(page)
    callers.verify(own_token(), AUDIENCE)
    page.is_away, page.now = True, page.now + timedelta(hours=2)
    for _ in range(5):
        callers.verify(own_token(), AUDIENCE)
    assert page.asked == 2


def test_while_the_key_page_is_away_strangers_do_not_make_us_ask_again_and_again():
    page = KeyPage(is_away=True)
    callers = callers_by(page)
    for _ in range(5):
        with pytest.raises(CallerUnverifiable):
            callers.verify(own_token(), AUDIENCE)
    assert page.asked == 1


def test_a_key_page_that_is_back_is_believed_again_within_seconds():
    page = KeyPage(is_away=True)
    callers = callers_by(page)
    with pytest.raises(CallerUnverifiable):
        callers.verify(own_token(), AUDIENCE)
    page.is_away, page.now = False, page.now + timedelta(seconds=15)
    assert callers.verify(own_token(), AUDIENCE) == ISSUER


def test_nobody_whose_key_is_known_waits_for_a_stranger_whose_key_is_asked_for():
    page = KeyPage()
    callers = callers_by(page)
    callers.verify(own_token(), AUDIENCE)
    page.now += timedelta(minutes=2)
    page.may_answer.clear()
    with ThreadPoolExecutor(2) as threads:
        stranger = threads.submit(callers.verify, own_token(kid="other"), AUDIENCE)
        try:
            assert page.is_asked.wait(5)
            known = threads.submit(callers.verify, own_token(), AUDIENCE)
            assert known.result(5) == ISSUER
        finally:
            page.may_answer.set()
        with pytest.raises(CallerRefused):
            stranger.result(5)


def test_a_new_key_of_the_hospital_holds_as_soon_as_it_is_published():
    page = KeyPage()
    callers = callers_by(page)
    callers.verify(own_token(), AUDIENCE)
    page.keys, page.now = [RSA], page.now + timedelta(minutes=2)
    assert callers.verify(own_token(key=RSA), AUDIENCE) == ISSUER
    with pytest.raises(CallerRefused):
        callers.verify(own_token(), AUDIENCE)


@pytest.mark.parametrize(
    "changes", [{"exp": str(4 * 10**9)}, {"exp": 10**400}, {"exp": 1e300}, {"exp": float("inf")}]
)
def test_an_end_that_is_no_time_is_refused(world, changes):
    assert status(world, world.token(PATH, **changes)) == 401


def test_a_jti_may_be_any_text(world):
    token = world.token(PATH, jti="\ud800")
    assert [status(world, token), status(world, token)] == [412, 401]


@pytest.mark.parametrize("token", [b"x", b"a.b.c", b"." * 20, b"\xc3\xa9", b"a" * 20_000])
def test_what_is_no_token_is_refused(world, token):
    headers = {"Authorization": b"Bearer " + token}
    assert world.ask("POST", PATH, json=view(), headers=headers).status_code == 401


def test_feedback_asks_for_a_token_too(world):
    answered = world.ask("POST", f"{PATH}/feedback", json={"feedback": []})
    assert answered.status_code == 401


def test_a_refusal_says_nothing_of_the_token(world):
    token = world.token(PATH, iss="https://other.example")
    answered = world.ask("POST", PATH, json=view(), headers={"Authorization": f"Bearer {token}"})
    assert "other.example" not in answered.text
