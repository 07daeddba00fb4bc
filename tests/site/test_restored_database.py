"""A backup is put back: what opened something at that time, and was used or ended since, opens nothing any more."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.membership.payout_address import apply_payout_email_changes
from affiliates.models import Affiliate, Application, PayoutEmailChange
from contacts.models import Document
from privacy.encryption.tokens import generate_token, hash_token
from privacy.models import AccessArchive, PrivacyRequest
from tests import factories


def restore_check() -> str:
    out = StringIO()
    call_command("restore_check", stdout=out)
    return out.getvalue()


def link(**names: str) -> dict[str, Any]:
    """A digest of the token, and a day on which it still works."""
    tomorrow = timezone.now() + timedelta(days=1)
    return {names["digest"]: hash_token(names["token"]), names["until"]: tomorrow}


def test_nobody_is_signed_in_after_a_restore(staff: Client, bob: User) -> None:
    assert staff.get("/admin/").status_code == 200
    assert "Sessions ended: 1." in restore_check()
    assert staff.get("/admin/").status_code == 302
    assert "Sessions ended: 0." in restore_check()


@pytest.mark.django_db
def test_links_that_worked_at_the_time_of_the_backup_are_over(client: Client) -> None:
    token = generate_token()
    PrivacyRequest.objects.create(
        kind="access",
        email="erin@example.org",
        keep_until=timezone.now() + timedelta(days=7),
        **link(digest="link_digest", until="link_expires_at", token=token),
    )
    PrivacyRequest.objects.create(
        kind="correction",
        email="erin@example.org",
        keep_until=timezone.now() + timedelta(days=7),
        state="confirmed",
        **link(digest="correction_digest", until="correction_expires_at", token=token),
    )
    asked = PrivacyRequest.objects.create(
        kind="access", email="erin@example.org", state="answered", answered_at=timezone.now(), keep_until=timezone.now()
    )
    AccessArchive.objects.create(
        request=asked, content=b"PK", **link(digest="link_digest", until="expires_at", token=token)
    )
    Document.objects.create(
        inquiry=factories.inquiry(),
        name="quote.pdf",
        content=b"%PDF-1.7",
        content_type="application/pdf",
        size=8,
        **link(digest="link_digest", until="link_expires_at", token=token),
    )
    Application.objects.create(
        name="Erin",
        email="erin@example.org",
        website="https://erin.example",
        terms_version="1",
        state="unconfirmed",
        **link(digest="link_digest", until="link_expires_at", token=token),
    )
    pages = [
        f"/privacy/request/{token}/",
        f"/privacy/correct/{token}/",
        f"/privacy/archive/{token}/",
        f"/contact/documents/{token}/",
        f"/affiliates/apply/confirm/{token}/",
    ]
    assert [client.get(page).status_code for page in pages] == [200] * 5
    said = restore_check()
    assert "Links of privacy requests and archives ended: 3." in said
    assert "Document links revoked: 1." in said
    assert all(client.get(page).status_code in {404, 410} for page in pages)


def test_a_payout_address_that_its_affiliate_may_have_stopped_since_is_not_taken(alice: Affiliate) -> None:
    change = PayoutEmailChange.objects.create(
        affiliate=alice, email="mallory@example.com", stop_digest="d" * 64, takes_effect_at=timezone.now()
    )
    assert "Pending payout address changes withdrawn: 1." in restore_check()
    assert apply_payout_email_changes(now=timezone.now()) == 0
    alice.refresh_from_db()
    change.refresh_from_db()
    assert (alice.payout_email, change.state) == ("alice@example.com", "withdrawn")
