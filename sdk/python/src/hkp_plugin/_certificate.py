"""The plugin's half of AutoMTLS: a certificate for this one process, P-256, signed by itself.

This is what ``cryptography`` is needed for, and why it is imported only when the gateway asks for TLS: Python's standard
library makes no keys and signs nothing, and an ``openssl`` program is not on every machine.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .launch import LaunchError

_BACK = timedelta(seconds=30)
_LIFE = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """A key and its certificate."""

    key_pem: bytes = field(repr=False)
    pem: bytes
    handshake: str
    """The certificate as the handshake carries it: DER in standard base64 without padding."""


def one_off() -> OwnCertificate:
    """Makes one. Takes about a millisecond."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - _BACK, now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(key, hashes.SHA256()))
    return OwnCertificate(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        certificate.public_bytes(serialization.Encoding.PEM),
        base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode().rstrip("="))


def check_gateway(pem: str) -> None:
    """Refuses what gRPC would find out at the first connection only, and without saying so."""
    try:
        key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    except ValueError as error:
        raise LaunchError("expected: exactly one X.509 certificate in PEM in PLUGIN_CLIENT_CERT, got: one that cannot be"
                          f" read ({error})") from error
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        raise LaunchError("expected: a certificate with a P-256 or P-384 key in PLUGIN_CLIENT_CERT, got: one with"
                          f" {key.curve.name}, which the TLS library in grpcio cannot verify")
