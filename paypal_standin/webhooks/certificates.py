"""A certificate authority of the stand-in's own, and the certificate that signs its webhooks.

As with PayPal, the address in PAYPAL-CERT-URL serves the leaf followed by its intermediate;
what clients have to trust is the root alone, `ca.pem` in the data directory.
"""

import contextlib
import datetime
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

NAME = "messageverificationcerts.sandbox.paypal.com"
VALID_FOR = datetime.timedelta(days=3650)
RENEW_BEFORE = datetime.timedelta(days=30)
Signer = tuple[x509.Certificate, rsa.RSAPrivateKey]


def folder() -> Path:
    """Where the keys are."""
    return Path(settings.DATA_DIR) / "certificates"


def ensure() -> Path:
    """Create the certificates if they are missing or about to expire. Returns the root's file."""
    target = folder()
    if target.exists() and _nearly_over(target / "chain.pem"):
        shutil.rmtree(target)
    if not target.exists():
        _make(target)
    root = Path(settings.DATA_DIR) / "ca.pem"
    root.write_bytes((target / "ca.pem").read_bytes())
    return root


def _nearly_over(chain: Path) -> bool:
    leaf = x509.load_pem_x509_certificates(chain.read_bytes())[0]
    return leaf.not_valid_after_utc - RENEW_BEFORE < datetime.datetime.now(datetime.UTC)


def _make(target: Path) -> None:
    root = _certificate("PayPal stand-in root (development only)", None, path_length=1)
    middle = _certificate("PayPal stand-in intermediate", root, path_length=0)
    leaf, key = _certificate(NAME, middle, path_length=None)
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix="certificates-"))
    (scratch / "ca.pem").write_bytes(_pem(root[0]))
    (scratch / "chain.pem").write_bytes(_pem(leaf) + _pem(middle[0]))
    (scratch / "key.pem").touch(mode=0o600)
    (scratch / "key.pem").write_bytes(_key_pem(key))
    # Two stand-ins may start at once: the first rename wins.
    with contextlib.suppress(OSError):
        scratch.rename(target)
    shutil.rmtree(scratch, ignore_errors=True)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate(name: str, issuer: Signer | None, path_length: int | None) -> Signer:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer[1] if issuer else key
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=path_length is not None, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(path_length is not None), critical=True)
    )
    if path_length is None:
        builder = _as_leaf(builder)
    return builder.sign(signer, hashes.SHA256()), key


def _as_leaf(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False).add_extension(
        x509.ExtendedKeyUsage(usages), critical=False
    )


def _usage(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


@lru_cache(maxsize=1)
def _signing_key() -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key((folder() / "key.pem").read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("key.pem does not hold an RSA key.")
    return key


@lru_cache(maxsize=1)
def chain() -> bytes:
    """The leaf and its intermediate, PEM."""
    return (folder() / "chain.pem").read_bytes()


@lru_cache(maxsize=1)
def certificate_name() -> str:
    """The last part of PAYPAL-CERT-URL; another certificate has another name."""
    leaf = x509.load_pem_x509_certificates(chain())[0]
    return f"CERT-{leaf.fingerprint(hashes.SHA256()).hex()[:16]}"


def sign(message: bytes) -> bytes:
    """RSA-SHA256, which PAYPAL-AUTH-ALGO calls SHA256withRSA."""
    return _signing_key().sign(message, padding.PKCS1v15(), hashes.SHA256())


def verify(message: bytes, signature: bytes) -> None:
    """Raise `InvalidSignature` unless the stand-in signed this."""
    _signing_key().public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
