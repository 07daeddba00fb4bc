"""Where delivered mails went, against the addresses of what they were about."""

from __future__ import annotations

import pytest

from contacts.models import Inquiry
from privacy.audit.trail import record
from privacy.models import OutgoingMail
from tests import factories

from .conftest import broken_by, places, swept

pytestmark = pytest.mark.django_db

ADDRESS = "dave@example.org"


def delivered(about: Inquiry, to: str) -> OutgoingMail:
    return OutgoingMail.objects.create(
        kind="contacts/inquiry_answered",
        about_model="contacts.Inquiry",
        about_id=about.pk,
        recipient=to,
        subject="Your question",
        text="This message held a link.",
        html="",
        state=OutgoingMail.State.SENT,
    )


def test_a_mail_to_the_stored_address_is_no_finding() -> None:
    delivered(factories.inquiry(email=ADDRESS), "Dave@Example.org")
    report = swept()
    assert places(report) == []
    assert report.searches["email-for-asked-contact-only"] == 2  # the store, and the mail in it


def test_a_mail_to_another_address_is_found() -> None:
    delivered(factories.inquiry(email=ADDRESS), "mallory@example.net")
    report = swept()
    assert places(report) == ["a mail of the kind contacts/inquiry_answered went to another address"]
    assert broken_by(report) == {"email-for-asked-contact-only"}


def test_an_address_that_staff_corrected_since_is_no_finding() -> None:
    inquiry = factories.inquiry(email=ADDRESS)
    delivered(inquiry, ADDRESS)
    inquiry.email = "dave@example.net"
    inquiry.save()
    record(action="privacy.staff.changed", about=inquiry, actor=None)
    assert places(swept()) == []


def test_a_correction_from_before_the_mail_explains_nothing() -> None:
    inquiry = factories.inquiry(email=ADDRESS)
    record(action="privacy.staff.changed", about=inquiry, actor=None)
    delivered(inquiry, "mallory@example.net")
    assert broken_by(swept()) == {"email-for-asked-contact-only"}


def test_a_mail_about_somebody_who_was_deleted_since_is_no_finding() -> None:
    inquiry = factories.inquiry(email=ADDRESS)
    delivered(inquiry, ADDRESS)
    inquiry.delete()
    assert places(swept()) == []
