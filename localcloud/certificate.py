"""The embedded cloud's certificate: policies that require TLS are deployed unchanged, so it must use TLS."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import trustme
from cryptography import x509

LIFETIME = dt.timedelta(days=365)
RENEW_BEFORE = dt.timedelta(days=7)


def ensure(certificate: Path, private_key: Path) -> None:
    """Write a certificate for loopback with its authority, unless one is there that lives long enough."""
    now = dt.datetime.now(dt.UTC)
    if certificate.exists() and private_key.exists():
        current = x509.load_pem_x509_certificate(certificate.read_bytes())
        if current.not_valid_after_utc - now > RENEW_BEFORE:
            return
    certificate.parent.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name="Atelier embedded cloud")
    issued = authority.issue_cert("localhost", "127.0.0.1", not_after=now + LIFETIME)
    descriptor = os.open(private_key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(issued.private_key_pem.bytes())
    certificate.write_bytes(issued.cert_chain_pems[0].bytes() + authority.cert_pem.bytes())
