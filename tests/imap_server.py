"""A real IMAP server on loopback: pymap, in a process of its own, with its messages in a Maildir.

It speaks TLS from the first byte, as port 993 does, which pymap leaves to a proxy.
"""

from __future__ import annotations

import asyncio
import mailbox
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from imapclient import IMAPClient
from pysasl.hashing import BuiltinHash

from .running_site import ROOT, free_port, wait_for

USER, PASSWORD = "office@business.example", "p@ss/word:1"


class IMAPServer:
    """`folder` holds the messages; `settings` is what `MAIL_IN_URL` becomes; clients trust `certificate`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder, self.certificate = folder, folder / "certificate.pem"
        self.settings: dict[str, Any] = {
            **{"host": "127.0.0.1", "port": self.port, "encryption": "tls"},
            **{"user": USER, "password": PASSWORD, "folder": "INBOX"},
        }
        key = certify(self.certificate)
        hashed = BuiltinHash(rounds=1000).hash(PASSWORD)
        (folder / "pymap-etc-passwd").write_text(f"{USER}::1:1::mail:\n")
        (folder / "pymap-etc-shadow").write_text(f"{USER}:{hashed}:::::::\n")
        (folder / "pymap-etc-group").touch()
        self.box = mailbox.Maildir(folder / "mail")
        self.start(key)

    def start(self, key: Path) -> None:
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--no-tls", "maildir", str(self.folder)]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.imap_server", str(self.certificate), str(key), *options],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        wait_for(self.answers, "the IMAP server")

    def answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text())
        try:
            with self.client():
                return True
        except OSError:
            return False

    def client(self) -> IMAPClient:
        """The mailbox as a mail program opens it."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        client = IMAPClient("127.0.0.1", port=self.port, ssl_context=context, timeout=20)
        client.login(USER, PASSWORD)
        client.select_folder("INBOX")
        return client

    def deliver(self, raw: bytes, *, at: datetime | None = None) -> None:
        with self.client() as client:
            client.append("INBOX", raw, msg_time=at)

    def messages(self) -> dict[int, tuple[bytes, ...]]:
        """The flags of each message, by UID."""
        with self.client() as client:
            found: dict[int, tuple[bytes, ...]] = client.get_flags(client.search("ALL"))
            return found

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


@contextmanager
def imap_server(folder: Path) -> Iterator[IMAPServer]:
    server = IMAPServer(folder)
    try:
        yield server
    finally:
        server.stop()


def certify(path: Path) -> Path:
    """Writes a certificate for 127.0.0.1. Returns the file of its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kind, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.with_name("key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, no_password))
    return path.with_name("key.pem")


def serve(certificate: str, key: str, *options: str) -> None:
    from pymap.main import main

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    start = asyncio.start_server

    async def start_with_tls(*args: Any, **kwargs: Any) -> Any:
        return await start(*args, ssl=context, **kwargs)

    asyncio.start_server = start_with_tls
    sys.argv = ["pymap", *options]
    main()


if __name__ == "__main__":
    serve(*sys.argv[1:])
