"""Announcements by staff: shown in the portal from and until a time, and mailed once to those who chose it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from affiliates.membership.announcements import mail_announcements
from affiliates.models import Affiliate, Announcement, AnnouncementNotice
from privacy.registry.deadlines import business_zone
from tests.affiliates.portal.pages import text_of
from tests.cast import signed_in
from tests.worker import run_due_tasks

pytestmark = pytest.mark.usefixtures("clock")

ADD = "/admin/affiliates/announcement/add/"


def announce(**fields: Any) -> Announcement:
    return Announcement.objects.create(
        **{"title": "A new banner", "text": "See the **new** [banner](/affiliates/portal/creatives/).", **fields}
    )


def mailed() -> int:
    return mail_announcements(now=timezone.now())


def fields_of(moment: datetime, name: str) -> dict[str, str]:
    """As staff type it, in the business's time zone."""
    here = moment.astimezone(business_zone())
    return {f"{name}_0": f"{here:%Y-%m-%d}", f"{name}_1": f"{here:%H:%M:%S}"}


def test_announcement_is_shown_from_and_until_its_times(alice: Affiliate, clock: time_machine.Traveller) -> None:
    now = timezone.now()
    announce(shown_from=now + timedelta(hours=1), shown_until=now + timedelta(hours=2))
    shown = []
    for _ in range(3):
        shown.append("A new banner" in text_of(alice.user))
        clock.shift(timedelta(hours=1))
    assert shown == [False, True, False]


def test_announcement_is_markdown_without_html(alice: Affiliate) -> None:
    announce(text="**Bold** <script>alert(1)</script>")
    page = BeautifulSoup(signed_in(alice.user).get("/affiliates/portal/").content, "html.parser")
    card = page.find("section", {"aria-label": "A new banner"})
    assert card is not None
    assert card.find("strong")
    assert not card.find("script")


def test_staff_announce_in_the_admin(staff: Client, alice: Affiliate) -> None:
    now = timezone.now()
    values = {"title": "Holidays", "text": "We pay in January.", **fields_of(now, "shown_from")}
    page = staff.post(ADD, values, follow=True).content.decode()
    assert "was added successfully" in page
    assert "We pay in January." in text_of(alice.user)


def test_announcement_that_ends_before_it_starts_is_refused(staff: Client) -> None:
    now = timezone.now()
    times = {**fields_of(now, "shown_from"), **fields_of(now - timedelta(days=1), "shown_until")}
    page = staff.post(ADD, {"title": "Holidays", "text": "We pay in January.", **times}).content.decode()
    assert "It must end after it starts." in page
    assert "We pay in January." in page
    assert not Announcement.objects.exists()


def test_announcement_is_mailed_once_to_those_who_chose_it(alice: Affiliate, erin: Affiliate) -> None:
    Affiliate.objects.filter(pk=alice.pk).update(mail_news=True)
    announce(is_mailed=True)
    assert mailed() == 1
    assert mailed() == 0
    run_due_tasks()
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["alice@example.com"], "A new banner")
    assert "http://127.0.0.1:8000/affiliates/portal/creatives/" in message.body


def test_announcement_is_mailed_only_if_staff_chose_it_and_only_while_it_is_shown(
    alice: Affiliate, clock: time_machine.Traveller
) -> None:
    Affiliate.objects.update(mail_news=True)
    now = timezone.now()
    announce(title="For the portal")
    announce(is_mailed=True, shown_from=now + timedelta(hours=1), shown_until=now + timedelta(hours=2))
    assert mailed() == 0
    clock.shift(timedelta(hours=2))
    assert mailed() == 0
    clock.move_to(now + timedelta(hours=1))
    assert mailed() == 1


def test_affiliate_who_turns_announcements_off_gets_no_queued_one(alice: Affiliate) -> None:
    client = signed_in(alice.user)
    client.post("/affiliates/portal/profile/mail/", {"mail_news": "on"})
    announce(is_mailed=True)
    assert mailed() == 1
    client.post("/affiliates/portal/profile/mail/", {})
    run_due_tasks()
    assert not mail.outbox


def test_suspended_affiliate_gets_no_announcement(alice: Affiliate) -> None:
    Affiliate.objects.update(mail_news=True, state="suspended")
    announce(is_mailed=True)
    assert mailed() == 0


def test_database_allows_one_notice_per_announcement(alice: Affiliate) -> None:
    Affiliate.objects.update(mail_news=True)
    announcement = announce(is_mailed=True)
    mailed()
    with pytest.raises(IntegrityError), transaction.atomic():
        AnnouncementNotice.objects.create(affiliate=alice, announcement=announcement)
