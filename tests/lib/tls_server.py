"""An HTTPS server that wants to see a client certificate, and the certificates for both sides.

All of them are made for the test and forgotten with it.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"


class Authority:
    """A certificate authority of our own; writes what it makes into a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hospital CA")])
        certificate = self._signed(self._name, self._key, is_authority=True)
        self.file = self._write("ca.pem", certificate.public_bytes(Encoding.PEM))

    def issue(
        self, name: str, passphrase: str = "", *, days: float = 0, address: str = LOOPBACK
    ) -> tuple[str, str]:
        """The files of a new certificate for 127.0.0.1 and of its key.

        With `days` the two hours of its life lie that far ahead, with less than 0 in the past.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signed = self._signed(subject, key, is_authority=False, days=days, address=address)
        certificate = signed.public_bytes(Encoding.PEM)
        lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        self._write(f"{name}-both.pem", certificate + private)
        return self._write(f"{name}.pem", certificate), self._write(f"{name}-key.pem", private)

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        is_authority: bool,
        days: float = 0,
        address: str = LOOPBACK,
    ) -> x509.Certificate:
        now = datetime.now(UTC) + timedelta(days=days)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )

    def _write(self, name: str, content: bytes) -> str:
        path = self._directory / name
        path.write_bytes(content)
        return str(path)


@contextmanager
def server_that_asks_who_we_are(authority: Authority) -> Iterator[str]:
    """The base URL of a server that answers `{}` to whoever shows a certificate of its CA."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client without a certificate is what is tested."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.load_cert_chain(*authority.issue("server"))
    context.verify_mode = ssl.CERT_REQUIRED
    server = Quiet((LOOPBACK, 0), Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"https://{LOOPBACK}:{server.server_port}/fhir"
    finally:
        server.shutdown()
        server.server_close()
