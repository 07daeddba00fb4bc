"""Mail limits of the contact form: messages above them are held, and no other network is affected."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from pytest_django import Settings

from contacts.inquiries.workflow import HELD_NEWS
from contacts.models import Inquiry
from privacy.models import OutgoingMail
from tests.contacts.conftest import DAVE, Post, press

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_limits(settings: Settings) -> None:
    settings.MAIL_LIMIT_PER_FORM, settings.MAIL_LIMIT_PER_ADDRESS, settings.HELD_LIMIT_PER_NETWORK = 3, 2, 4


def flood(post: Post, times: int, **changes: str) -> Any:
    """The last answer."""
    return [post(email=f"a{number}@example.org", **changes) for number in range(times)][-1]


def states() -> Counter[str]:
    return Counter(Inquiry.objects.values_list("state", flat=True))


def mailed_to(address: str) -> int:
    return OutgoingMail.objects.filter(recipient_index=address).count()


def test_the_surplus_of_a_network_is_held_without_mail(post: Post) -> None:
    assert flood(post, 3).status_code == 302
    assert post(email="erin@example.org").status_code == 302
    assert states() == {"open": 3, "held": 1}
    assert mailed_to("a0@example.org") == 1
    assert mailed_to("erin@example.org") == 0


def test_a_neighbor_is_not_shut_out_by_a_flood(post: Post, client: Client, staff: Client) -> None:
    flood(post, 3)
    answer = post(network="203.0.113.1", message="Do you take stores?")
    assert "we received your message" in client.get(answer["Location"]).content.decode()
    inquiry = Inquiry.objects.get(email_index="dave@example.org")
    assert (inquiry.state, inquiry.message) == ("held", "Do you take stores?")
    assert inquiry.reference in staff.get("/admin/contacts/inquiry/?queue=held").content.decode()


def test_a_held_message_is_confirmed_once_staff_release_it(post: Post, staff: Client) -> None:
    flood(post, 3)
    post()
    inquiry = Inquiry.objects.get(email_index="dave@example.org")
    assert mailed_to("dave@example.org") == 0
    assert "Released" in press(staff, inquiry, "release")
    assert mailed_to("dave@example.org") == 1


def test_a_flood_of_held_messages_is_no_flood_of_mails_to_staff(post: Post, settings: Settings) -> None:
    settings.HELD_LIMIT_PER_NETWORK = 300
    flood(post, 3 + 2 * HELD_NEWS)
    assert states()["held"] == 2 * HELD_NEWS
    assert mailed_to(settings.BUSINESS["email"]) == 3 + HELD_NEWS


def test_beyond_thousands_the_refusal_keeps_what_was_typed_and_says_what_else_to_do(
    post: Post, settings: Settings
) -> None:
    assert flood(post, 7).status_code == 302
    response = flood(post, 1)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "3600"  # the clock stands at noon
    assert states() == {"open": 3, "held": 4}
    page = response.content.decode()
    assert "Your message was not sent." in page
    for way in ("email", "phone", "address"):
        assert settings.BUSINESS[way] in page
    for typed in ("Dave Dorn", "a0@example.org", DAVE["phone"], "1 Main Street", DAVE["message"]):
        assert typed in page


def test_another_network_has_its_own_limit(post: Post) -> None:
    assert flood(post, 8).status_code == 429
    assert post(network="198.51.100.1").status_code == 302
    assert Inquiry.objects.get(email_index="dave@example.org").state == "open"


def test_network_limit_resets_in_the_next_hour(post: Post, clock: time_machine.Traveller) -> None:
    assert flood(post, 8).status_code == 429
    clock.shift(timedelta(hours=1))
    assert post().status_code == 302
    assert Inquiry.objects.get(email_index="dave@example.org").state == "open"


def test_invalid_form_does_not_count(post: Post) -> None:
    for _ in range(5):
        assert post(message="").status_code == 200
    post()
    assert states() == {"open": 1}


def test_messages_above_the_address_limit_are_held(post: Post) -> None:
    """Somebody may be flooding the address's owner with confirmations; or it is the owner, and staff will see."""
    for number, spelling in enumerate(["dave@example.org", "Dave@Example.org", " DAVE@example.org"]):
        assert post(network=f"198.51.{number}.1", email=spelling).status_code == 302
    assert states() == {"open": 2, "held": 1}


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM privacy_limits ORDER BY cache_key")
        return str(cursor.fetchall())


def test_cache_contains_no_address(post: Post) -> None:
    post()
    assert "limit-" in stored()
    for secret in ("203.0.113", "dave", "example.org"):
        assert secret not in stored().lower()


def test_refused_message_needs_few_queries(post: Post, django_assert_max_num_queries: Any, client: Client) -> None:
    flood(post, 7)
    with django_assert_max_num_queries(9):
        assert post().status_code == 429
