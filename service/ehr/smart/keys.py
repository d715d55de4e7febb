"""The private keys that BoneFlag signs with, and what of them may be shown.

A newcomer would get two things wrong. The key id of a PEM file is the thumbprint of its public key
(RFC 7638): it needs no second file and cannot be given to the wrong key; a JWK keeps the `kid` that
it was registered with. And a fault of the key library may quote what it could not read, so none of
its texts leaves this module.

SMART App Launch 2.2, client-confidential-asymmetric: clients sign with RS384 or ES384.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

Algorithm = Literal["RS384", "ES384"]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
# The members that make a key what it is, in the order in which RFC 7638 wants them.
_THUMBPRINT_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}
_SMALLEST_RSA_BITS = 2048
_NEW_RSA_BITS = 3072


class KeyUnusable(ValueError):
    """This is no key that SMART signs with; the sentence never holds a part of it."""


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private key with the name that the EHR knows it by."""

    kid: str
    alg: Algorithm
    private: PrivateKey

    @property
    def public_jwk(self) -> dict[str, str]:
        """What is registered at the EHR: the public half and nothing else."""
        members = _public_members(self.private)
        return {"kid": self.kid, "use": "sig", "alg": self.alg} | members

    @property
    def pem(self) -> bytes:
        """The private key, unencrypted: for a file that only the service can read."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def new_key(alg: Algorithm) -> SigningKey:
    """A new key; its id is its thumbprint."""
    if alg == "ES384":
        return _signing_key(ec.generate_private_key(ec.SECP384R1()), None)
    private = rsa.generate_private_key(public_exponent=65537, key_size=_NEW_RSA_BITS)
    return _signing_key(private, None)


def keys_in(content: bytes) -> tuple[SigningKey, ...]:
    """The private keys in a PEM, JWK or JWKS file, in the order of the file; never none.

    Raises KeyUnusable.
    """
    if not content.lstrip().startswith(b"{"):
        return (_signing_key(_pem_key(content), None),)
    try:
        document = json.loads(content)
    except ValueError:
        raise KeyUnusable("it is not JSON") from None
    listed = document.get("keys", [document])
    if not isinstance(listed, list) or not all(isinstance(jwk, dict) for jwk in listed):
        raise KeyUnusable("it is not a JWK or a JWKS")
    found = tuple(_jwk_key(jwk) for jwk in listed if "d" in jwk)
    if not found:
        raise KeyUnusable("it holds no private key")
    return found


def keys_in_files(names: Iterable[str]) -> tuple[SigningKey, ...]:
    """The keys of these files, in this order; KeyUnusable names the file, never a part of it."""
    found: list[SigningKey] = []
    for name in filter(None, map(str.strip, names)):
        try:
            found += keys_in(Path(name).read_bytes())
        except OSError as error:
            raise KeyUnusable(f"{name} cannot be read: {error.strerror}") from None
        except KeyUnusable as fault:
            raise KeyUnusable(f"{name} holds no key of ours: {fault}") from None
    if not found:
        raise KeyUnusable("no file is named; make a key with `boneflag keys new`")
    return tuple(found)


def public_jwks(keys: Iterable[SigningKey]) -> dict[str, list[dict[str, str]]]:
    """The public JWKS of these keys, each key once: what is registered or published."""
    return {"keys": list({key.kid: key.public_jwk for key in keys}.values())}


def _pem_key(content: bytes) -> object:
    try:
        return load_pem_private_key(content, password=None)
    except TypeError:
        raise KeyUnusable("it is locked with a passphrase: give it without one") from None
    except (ValueError, UnsupportedAlgorithm):
        if b"PUBLIC KEY-" in content:
            raise KeyUnusable("it is a public key: give the private one") from None
        raise KeyUnusable("it is neither a private key in PEM nor a JWK") from None


def _jwk_key(jwk: Mapping[str, Any]) -> SigningKey:
    kind = jwk.get("kty")
    if kind not in ("RSA", "EC"):
        raise KeyUnusable("it is of another kind than RSA or EC")
    read = RSAAlgorithm.from_jwk if kind == "RSA" else ECAlgorithm.from_jwk
    try:
        private = read(dict(jwk))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        raise KeyUnusable("its JWK is broken") from None
    kid = jwk.get("kid")
    key = _signing_key(private, kid if isinstance(kid, str) and kid else None)
    if jwk.get("alg", key.alg) != key.alg:
        raise KeyUnusable("its JWK is made for another algorithm than RS384 or ES384")
    return key


def _signing_key(private: object, kid: str | None) -> SigningKey:
    if isinstance(private, rsa.RSAPrivateKey):
        if private.key_size < _SMALLEST_RSA_BITS:
            raise KeyUnusable(f"it is an RSA key of fewer than {_SMALLEST_RSA_BITS} bits")
        return SigningKey(kid or _thumbprint(private), "RS384", private)
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == "secp384r1":
        return SigningKey(kid or _thumbprint(private), "ES384", private)
    raise KeyUnusable("it is neither an RSA key nor an EC key on P-384: SMART takes RS384 or ES384")


def _public_members(private: PrivateKey) -> dict[str, str]:
    """`kty` and the public numbers, chosen by name so that no private one can slip in."""
    if isinstance(private, rsa.RSAPrivateKey):
        jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    else:
        jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {name: str(jwk[name]) for name in _THUMBPRINT_MEMBERS[str(jwk["kty"])]}


def _thumbprint(private: PrivateKey) -> str:
    members = json.dumps(_public_members(private), separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(members.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
