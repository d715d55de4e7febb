"""The keys that we sign with: which are taken, how they are named, and what is shown of them."""

import base64
import hashlib
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from service.ehr.smart.keys import KeyUnusable, keys_in, keys_in_files, new_key, public_jwks
from tests.lib.login_server import as_json

RSA_KEY = new_key("RS384")
EC_KEY = new_key("ES384")
SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # For a refusal only.


def pem(private, encryption=None):
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def private_jwk(key, **members):
    algorithm = RSAAlgorithm if key.alg == "RS384" else ECAlgorithm
    return algorithm.to_jwk(key.private, as_dict=True) | members


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY], ids=lambda key: key.alg)
def test_a_pem_file_gives_the_key_back_with_the_same_id(key):
    (found,) = keys_in(key.pem)

    assert (found.kid, found.alg, found.public_jwk) == (key.kid, key.alg, key.public_jwk)


@pytest.mark.parametrize(
    ("key", "members"), [(RSA_KEY, ("e", "kty", "n")), (EC_KEY, ("crv", "kty", "x", "y"))]
)
def test_the_key_id_is_the_thumbprint_of_rfc_7638(key, members):
    canonical = "{" + ",".join(f'"{m}":"{key.public_jwk[m]}"' for m in members) + "}"
    digest = hashlib.sha256(canonical.encode()).digest()

    assert key.kid == base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY], ids=lambda key: key.alg)
def test_the_public_jwks_holds_no_private_number(key):
    (shown,) = public_jwks([key])["keys"]

    assert not set(shown) & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    assert (shown["use"], shown["alg"], shown["kid"]) == ("sig", key.alg, key.kid)


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY], ids=lambda key: key.alg)
def test_what_we_sign_is_verified_with_the_public_jwk(key):
    signed = jwt.encode({"a": 1}, key.private, algorithm=key.alg)

    assert jwt.decode(signed, jwt.PyJWK(key.public_jwk).key, [key.alg]) == {"a": 1}


def test_a_new_rsa_key_has_3072_bits():
    assert RSA_KEY.private.key_size == 3072


def test_a_jwk_keeps_the_key_id_that_it_was_registered_with():
    (found,) = keys_in(as_json(private_jwk(EC_KEY, kid="registered-2026")))

    assert found.kid == "registered-2026"


def test_a_jwk_without_a_key_id_gets_its_thumbprint():
    assert keys_in(as_json(private_jwk(RSA_KEY)))[0].kid == RSA_KEY.kid


def test_a_jwks_gives_its_private_keys_in_their_order_and_passes_over_public_ones():
    document = {"keys": [private_jwk(EC_KEY), RSA_KEY.public_jwk, private_jwk(RSA_KEY)]}

    assert [key.kid for key in keys_in(as_json(document))] == [EC_KEY.kid, RSA_KEY.kid]


def test_a_key_is_published_once():
    assert len(public_jwks([EC_KEY, EC_KEY, RSA_KEY])["keys"]) == 2


UNUSABLE = {
    "not a key at all": b"s3cret, but no key",
    "an empty file": b"",
    "broken JSON": b'{"s3cret":',
    "a passphrase": pem(EC_KEY.private, BestAvailableEncryption(b"s3cret")),
    "a public key only": as_json(EC_KEY.public_jwk),
    "keys that are no list": as_json({"keys": "s3cret"}),
    "keys that are no objects": as_json({"keys": ["s3cret"]}),
    "a shared secret": as_json({"kty": "oct", "k": "s3cret", "d": "s3cret"}),
    "a broken number": as_json(private_jwk(EC_KEY) | {"x": "s3cret"}),
    "a number that is none": as_json(private_jwk(RSA_KEY) | {"n": 7}),
    "another algorithm": as_json(private_jwk(RSA_KEY, alg="RS256")),
    "a curve that SMART does not take": pem(ec.generate_private_key(ec.SECP256R1())),
    "a kind that SMART does not take": pem(ed25519.Ed25519PrivateKey.generate()),
    "an RSA key that is too small": pem(SMALL_RSA),
}


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE)
def test_what_smart_cannot_sign_with_is_refused_without_being_quoted(content):
    with pytest.raises(KeyUnusable) as told:
        keys_in(content)

    assert "s3cret" not in str(told.value)
    assert told.value.__cause__ is None


def test_files_are_read_in_the_order_in_which_they_are_named(tmp_path):
    for name, key in (("new", EC_KEY), ("old", RSA_KEY)):
        (tmp_path / name).write_bytes(key.pem)

    found = keys_in_files([f"{tmp_path / 'new'} ", f" {tmp_path / 'old'}", ""])

    assert [key.kid for key in found] == [EC_KEY.kid, RSA_KEY.kid]


@pytest.mark.parametrize("content", [None, b"s3cret"])
def test_a_file_that_cannot_be_used_is_named(tmp_path, content):
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(KeyUnusable, match=r"key\.pem") as told:
        keys_in_files([str(path)])

    assert "s3cret" not in str(told.value)


def test_no_file_at_all_says_how_to_make_a_key():
    with pytest.raises(KeyUnusable, match="boneflag keys new"):
        keys_in_files(["", " "])


def test_a_key_is_never_printed():
    private_number = json.loads(as_json(private_jwk(EC_KEY)))["d"]

    assert private_number not in repr(EC_KEY)
    assert "kid" not in repr(EC_KEY)
