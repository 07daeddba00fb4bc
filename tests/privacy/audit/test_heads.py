"""A published head binds the site: nobody else can make one, and nobody needs the site to check one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings as django_settings
from pytest_django import Settings

from privacy.audit.heads import HeadRefused, signed_head, verify_head
from privacy.audit.models import GENESIS, AuditEntry, Head
from privacy.encryption.keys import RootKey

from .conftest import SmtpReply

NEW, FOREIGN = RootKey(b"newk", b"n" * 32), RootKey(b"fore", b"f" * 32)


@pytest.fixture
def head(ten_entries: None) -> dict[str, Any]:
    return signed_head()


@pytest.fixture
def foreign_head(ten_entries: None, settings: Settings) -> Iterator[dict[str, Any]]:
    """Signed by another site, over this site's chain."""
    own = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = FOREIGN.written_out()
    made = signed_head()
    settings.ENCRYPTION_KEYS = own
    yield made


def as_outsider(head: dict[str, Any], public_key: str) -> None:
    """What the module's docstring tells an outsider to do, with nothing of this site's code. Raises."""
    key = load_pem_public_key(public_key.encode())
    assert isinstance(key, Ed25519PublicKey)
    lines = ["audit head 1", str(head["number"]), head["hash"], head["at"]]
    key.verify(base64.b64decode(head["signature"]), "".join(f"{line}\n" for line in lines).encode())


def test_a_head_names_the_last_entry(head: dict[str, Any]) -> None:
    assert verify_head(json.loads(json.dumps(head))) == AuditEntry.objects.head()
    assert head["number"] == 10


@pytest.mark.django_db
def test_an_empty_audit_has_a_head() -> None:
    assert verify_head(signed_head()) == Head(0, GENESIS)


def test_an_outsider_verifies_with_the_public_key_alone(head: dict[str, Any]) -> None:
    as_outsider(head, head["public_key"])
    with pytest.raises(InvalidSignature):
        as_outsider({**head, "number": 9}, head["public_key"])


@pytest.mark.parametrize(
    "forged",
    [
        {"number": 9},
        {"hash": "0" * 64},
        {"at": "2020-01-01T00:00:00+00:00"},
        {"signature": base64.b64encode(b"s" * 64).decode()},
        {"signature": "not base64!"},
        {"signature": "ä"},
        {"key_id": "zz"},
        {"key_id": FOREIGN.id.hex()},
        {"public_key": "another"},
        {"number": "10"},
        {"number": True},
        {"hash": None},
    ],
)
def test_a_forged_head_is_refused(head: dict[str, Any], forged: dict[str, Any]) -> None:
    with pytest.raises(HeadRefused):
        verify_head({**head, **forged})


@pytest.mark.parametrize("name", ["number", "hash", "at", "key_id", "public_key", "signature"])
def test_a_head_without_a_part_is_refused(head: dict[str, Any], name: str) -> None:
    del head[name]
    with pytest.raises(HeadRefused, match=name):
        verify_head(head)


def test_another_sites_head_is_refused(foreign_head: dict[str, Any], head: dict[str, Any], verdict: SmtpReply) -> None:
    with pytest.raises(HeadRefused, match="not in ENCRYPTION_KEYS"):
        verify_head(foreign_head)
    dressed_up = {**foreign_head, "key_id": head["key_id"]}
    with pytest.raises(HeadRefused, match="public key"):
        verify_head(dressed_up)
    with pytest.raises(HeadRefused, match="signature"):
        verify_head({**dressed_up, "public_key": head["public_key"]})
    assert "signature" in verdict(head={**dressed_up, "public_key": head["public_key"]})


def test_a_head_outlives_the_rotation_of_its_key(head: dict[str, Any], settings: Settings, verdict: SmtpReply) -> None:
    settings.ENCRYPTION_KEYS = f"{NEW.written_out()},{settings.ENCRYPTION_KEYS}"
    assert verify_head(head).number == 10
    assert verdict(head=head).startswith("10 entries")
    assert signed_head()["key_id"] == NEW.id.hex()
    assert signed_head()["public_key"] != head["public_key"]


def test_a_head_whose_key_is_gone_is_refused(head: dict[str, Any], settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = NEW.written_out()
    with pytest.raises(HeadRefused):
        verify_head(head)


def test_a_head_holds_no_secret(head: dict[str, Any]) -> None:
    published = json.dumps(head)
    for part in django_settings.ENCRYPTION_KEYS.split(","):
        assert part.partition(":")[2] not in published
