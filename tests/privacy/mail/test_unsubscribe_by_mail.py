"""The mailto link of List-Unsubscribe: whoever writes there, it opts out the person for whom it was made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as site_settings
from django.core import mail as django_mail
from django.utils import timezone
from pytest_django import Settings

from contacts.models import Inquiry
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import is_opted_out
from privacy.mail.sending import MailKind, MailRefused, queue_mail
from privacy.mail.unsubscribing import unsubscribe_by_mail
from privacy.models import OutgoingMail, Suppression
from privacy.registry.purposes import Purpose
from tests import factories
from tests.privacy.mails_of_tests import declared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAVE = "dave@example.org"


@pytest.fixture
def news(settings: Settings) -> Iterator[MailKind]:
    settings.MAIL_REPLY_ADDRESS = "info@ait-pro.com"
    with declared() as kind:
        yield kind


@pytest.fixture
def inquiry(db: None) -> Inquiry:
    return factories.inquiry(DAVE)


@pytest.fixture
def address(news: MailKind, inquiry: Inquiry, work: Callable[[], int]) -> str:
    """As a mail program finds it in the header."""
    queue_mail(news, to=DAVE, about=inquiry, context={"reply": inquiry.replies.create(body="News.")})
    work()
    [message] = django_mail.outbox
    mailto, link = re.findall(r"<(\S+)>", str(message.message()["List-Unsubscribe"]))
    assert link.startswith(site_settings.SITE_URL)
    assert mailto.startswith("mailto:info+")
    return str(mailto.removeprefix("mailto:"))


def test_a_mail_there_opts_out_at_once_of_that_purpose_by_email(address: str) -> None:
    assert unsubscribe_by_mail(recipients=[address], now=timezone.now())
    [row] = Suppression.objects.all()
    assert (row.channel, row.purpose, row.source) == ("email", "answer_inquiry", "mail")
    assert is_opted_out(DAVE, "email", purpose="answer_inquiry")
    assert AuditEntry.objects.filter(action="privacy.choices.stopped").count() == 1


def test_the_next_mail_is_refused(address: str, news: MailKind, inquiry: Inquiry) -> None:
    unsubscribe_by_mail(recipients=["eve@example.net", address.upper()], now=timezone.now())
    with pytest.raises(MailRefused):
        queue_mail(news, to=DAVE, about=inquiry, context={"reply": inquiry.replies.create(body="News.")})


def test_the_same_mail_again_changes_nothing(address: str) -> None:
    now = timezone.now()
    for _ in range(2):
        assert unsubscribe_by_mail(recipients=[address, address], now=now)
    assert Suppression.objects.count() == 1
    assert AuditEntry.objects.filter(action="privacy.choices.stopped").count() == 1


def test_a_mail_that_was_read_late_counts_from_when_it_arrived(address: str, clock: time_machine.Traveller) -> None:
    """What the person asked for in between is still answered, and a later opt-out is not made earlier."""
    arrived = timezone.now()
    clock.shift(timedelta(days=2))
    unsubscribe_by_mail(recipients=[address], now=arrived)
    assert Suppression.objects.get().created_at == arrived
    unsubscribe_by_mail(recipients=[address], now=timezone.now())
    unsubscribe_by_mail(recipients=[address], now=arrived)
    assert Suppression.objects.get().created_at == timezone.now()


def test_it_works_after_the_mail_was_deleted(address: str, clock: time_machine.Traveller) -> None:
    OutgoingMail.objects.all().delete()
    clock.shift(timedelta(days=400))
    assert unsubscribe_by_mail(recipients=[address], now=timezone.now())
    assert is_opted_out(DAVE, "email", purpose="answer_inquiry")


def test_a_person_has_to_read_it_once_the_row_is_gone(address: str) -> None:
    Inquiry.objects.all().delete()
    assert not unsubscribe_by_mail(recipients=[address], now=timezone.now())
    assert not Suppression.objects.exists()


def test_an_address_for_one_row_stops_nobody_elses_mail(address: str, news: MailKind) -> None:
    detail = address.partition("+")[2]
    for forged in (f"info+aaaa{detail[4:]}", f"info+{detail[:40]}aaaaa{detail[45:]}", "info@ait-pro.com", "", "@"):
        assert not unsubscribe_by_mail(recipients=[forged], now=timezone.now())
    assert not Suppression.objects.exists()


def test_an_address_made_for_a_former_recipient_stops_nobody(address: str, inquiry: Inquiry) -> None:
    inquiry.email = "erin@example.org"
    inquiry.save()
    assert not unsubscribe_by_mail(recipients=[address], now=timezone.now())
    assert not Suppression.objects.exists()


def test_it_does_not_name_the_person_and_fits_before_the_at_sign(address: str) -> None:
    assert "dave" not in address
    assert len(address.partition("@")[0]) <= 64


def test_without_a_reply_address_there_is_only_the_link(
    news: MailKind, inquiry: Inquiry, work: Callable[[], int], settings: Settings
) -> None:
    settings.MAIL_REPLY_ADDRESS = ""
    queue_mail(news, to=DAVE, about=inquiry, context={"reply": inquiry.replies.create(body="News.")})
    work()
    assert re.findall(r"<(\w+):", str(django_mail.outbox[0].message()["List-Unsubscribe"])) == ["http"]


def test_purposes_of_what_people_wait_for_have_no_such_address(
    inquiry: Inquiry, work: Callable[[], int], settings: Settings
) -> None:
    settings.MAIL_REPLY_ADDRESS = "info@ait-pro.com"
    with declared(transactional=True, because="it answers", purpose=Purpose.ANSWER_INQUIRY) as kind:
        queue_mail(kind, to=DAVE, about=inquiry, context={"reply": inquiry.replies.create(body="Hi.")})
        work()
    assert django_mail.outbox[0].message()["List-Unsubscribe"] is None
