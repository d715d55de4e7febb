"""Our public keys over HTTP: what an EHR fetches that takes only the address of a JWKS."""

import asyncio

import httpx
import pytest

from service.ehr.smart.keys import new_key
from service.settings import Settings, SettingsInvalid
from service.web.app import jwks_for, make_app
from service.web.health import Readiness

KEYS = (new_key("ES384"), new_key("ES384"))


def settings_with(tmp_path, *keys):
    files = []
    for number, key in enumerate(keys):
        path = tmp_path / f"{number}.pem"
        path.write_bytes(key.pem)
        files.append(str(path))
    return Settings(smart_client_id="us", smart_key_files=",".join(files))


def get(jwks):
    async def ask():
        transport = httpx.ASGITransport(make_app(Readiness(None, None, None), jwks))
        async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
            return await client.get("/jwks.json")

    return asyncio.run(ask())


def test_both_keys_of_a_rotation_are_published(tmp_path):
    answer = get(jwks_for(settings_with(tmp_path, *KEYS)))

    assert answer.status_code == 200
    assert [key["kid"] for key in answer.json()["keys"]] == [key.kid for key in KEYS]


def test_no_private_part_is_ever_published(tmp_path):
    answer = get(jwks_for(settings_with(tmp_path, *KEYS, new_key("RS384"))))

    private = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
    assert not any(private & key.keys() for key in answer.json()["keys"])


def test_the_page_may_be_kept_for_an_hour(tmp_path):
    answer = get(jwks_for(settings_with(tmp_path, KEYS[0])))

    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_without_a_login_by_key_there_is_no_such_page():
    assert get(jwks_for(Settings())).status_code == 404


def test_a_key_that_cannot_be_read_is_a_mistake_in_the_settings():
    with pytest.raises(SettingsInvalid, match="BONEFLAG_SMART_KEY_FILES"):
        jwks_for(Settings(smart_client_id="us", smart_key_files="/nowhere/key.pem"))
