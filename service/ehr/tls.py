"""Whom we trust, and the certificate that we show ourselves (mTLS)."""

from __future__ import annotations

import ssl

from service.ehr.transport import usual_tls


class TLSUnusable(ValueError):
    """A certificate or key file that cannot be used; the sentence names the setting."""


def tls_context(ca_file: str, certificate_file: str, key_file: str) -> ssl.SSLContext | bool:
    """What the connection to the EHR is made with; True takes whom httpx trusts by itself.

    With a `ca_file` nobody else is trusted. `key_file` may be "" where the certificate's file holds
    the key too. Raises TLSUnusable.
    """
    if not ca_file and not certificate_file:
        return True
    context = _trusting(ca_file) if ca_file else usual_tls()
    if certificate_file:
        try:
            # The empty passphrase keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(certificate_file, key_file or None, "")
        except (OSError, ssl.SSLError):
            raise TLSUnusable(
                "BONEFLAG_FHIR_CLIENT_CERTIFICATE_FILE and BONEFLAG_FHIR_CLIENT_KEY_FILE cannot be"
                " read as a PEM certificate and its own key without a passphrase"
            ) from None
    return context


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise TLSUnusable(
            "BONEFLAG_FHIR_CA_FILE cannot be read as PEM: give the hospital's CA certificate"
        ) from None
