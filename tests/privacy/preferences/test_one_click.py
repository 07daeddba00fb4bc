"""The button of mail programs that unsubscribes (RFC 8058), and the links at the end of every mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.core import mail as django_mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import is_opted_out
from privacy.consent.preference_links import one_click_url
from privacy.mail.sending import MailKind, queue_mail
from privacy.models import Suppression
from privacy.registry.mail_kinds import all_kinds
from privacy.registry.purposes import Purpose
from tests import factories
from tests.privacy.mails_of_tests import declared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAVE = "dave@example.org"


@pytest.fixture
def news(db: None) -> Iterator[MailKind]:
    with declared() as kind:
        yield kind


def mailed(kind: MailKind, work: Callable[[], int]) -> django_mail.EmailMultiAlternatives:
    inquiry = factories.inquiry(DAVE)
    queue_mail(kind, to=DAVE, about=inquiry, context={"reply": inquiry.replies.create(body="News.")})
    work()
    [message] = django_mail.outbox
    assert isinstance(message, django_mail.EmailMultiAlternatives)
    return message


@pytest.fixture
def address(news: MailKind, work: Callable[[], int]) -> str:
    """The path of the header's link, as a mail program would read it."""
    header = str(mailed(news, work).message()["List-Unsubscribe"])
    [address] = re.findall(r"<(\S+)>", header)
    assert address.startswith(settings.SITE_URL)
    return str(address).removeprefix(settings.SITE_URL)


def test_news_carries_both_headers_and_the_postal_address(news: MailKind, work: Callable[[], int]) -> None:
    message = mailed(news, work)
    assert message.message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for text in (str(message.body), str(message.alternatives[0][0])):
        assert settings.BUSINESS["address"] in text


def test_a_mail_that_somebody_waits_for_has_no_such_header(work: Callable[[], int]) -> None:
    with declared(transactional=True, because="it answers") as kind:
        message = mailed(kind, work)
    assert message.message()["List-Unsubscribe"] is None
    assert "/privacy/choices/" in str(message.body)


def test_every_mail_leads_to_the_choices(news: MailKind, work: Callable[[], int], client: Client) -> None:
    message = mailed(news, work)
    for text in (str(message.body), str(message.alternatives[0][0])):
        [path] = set(re.findall(re.escape(settings.SITE_URL) + r"(/privacy/choices/[\w-]+/)", text))
        assert client.get(path).status_code == 200


def test_the_mail_program_posts_without_a_cookie_and_it_stops(address: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    response = browser.post(address, {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    assert not response.cookies
    [row] = Suppression.objects.all()
    assert (row.channel, row.purpose, row.source) == ("email", "answer_inquiry", "link")
    assert is_opted_out(DAVE, "email", purpose="answer_inquiry")
    assert not is_opted_out(DAVE, "email", purpose="order")


def test_pressed_twice_it_is_one_opt_out_and_each_time_is_recorded(address: str, client: Client) -> None:
    for _ in range(2):
        assert client.post(address).status_code == 200
    assert Suppression.objects.count() == 1
    assert AuditEntry.objects.filter(action="privacy.choices.stopped").count() == 2


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_follows_links_stops_nothing(address: str, client: Client, method: str) -> None:
    response = getattr(client, method)(address, follow=True)
    assert response.status_code == 200
    assert not Suppression.objects.exists()


def test_the_address_is_not_in_the_link_in_any_spelling(address: str) -> None:
    import base64
    import hashlib

    token = address.split("/")[3]
    content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"dave" not in content
    assert hashlib.sha256(DAVE.encode()).digest() not in content


def test_a_link_for_another_purpose_than_people_choose_is_none(client: Client) -> None:
    url = one_click_url(DAVE, purpose=Purpose.ORDER, now=timezone.now()).removeprefix(settings.SITE_URL)
    assert client.post(url.replace("/order/", "/everything/")).status_code == 404
    assert client.post(url.replace("/order/", "/legal_obligation/")).status_code == 404
    assert not Suppression.objects.exists()
    assert client.post(url).status_code == 200


def test_each_kind_says_whether_somebody_waits_for_it() -> None:
    kinds = list(all_kinds())
    assert len(kinds) > 10
    assert all(kind.because for kind in kinds)


def test_unexpected_mail_is_never_declared_to_ignore_an_opt_out() -> None:
    with pytest.raises(ImproperlyConfigured, match="despite an opt-out"), declared(despite_opt_out=True):
        pass


def test_a_kind_without_a_reason_is_not_declared() -> None:
    with pytest.raises(ImproperlyConfigured, match="explain in `because`"), declared(because=""):
        pass
