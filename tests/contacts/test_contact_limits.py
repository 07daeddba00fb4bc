"""One network's flood takes its own room and nobody else's; what does not fit is said plainly and stays on the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from pytest_django import Settings

from contacts.models import Inquiry

from .conftest import DAVE, Post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_limits(settings: Settings) -> None:
    settings.CONTACT_LIMIT_PER_NETWORK, settings.CONTACT_LIMIT_PER_ADDRESS = 3, 2


def flood(post: Post, times: int, **changes: str) -> Any:
    """The last answer."""
    return [post(email=f"a{number}@example.org", **changes) for number in range(times)][-1]


def test_the_surplus_of_a_network_is_refused(post: Post) -> None:
    assert flood(post, 3).status_code == 302
    response = flood(post, 1)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "3600"  # the clock stands at noon
    assert Inquiry.objects.count() == 3


def test_the_refusal_keeps_what_was_typed_and_says_what_else_to_do(post: Post, settings: Settings) -> None:
    flood(post, 3)
    page = flood(post, 1).content.decode()
    assert "Your message was not sent." in page
    assert settings.BUSINESS["email"] in page
    assert settings.BUSINESS["phone"] in page
    for typed in ("Dave Dorn", "a0@example.org", DAVE["phone"], "1 Main Street", DAVE["message"]):
        assert typed in page


def test_another_network_has_room(post: Post) -> None:
    assert flood(post, 4).status_code == 429
    assert post(network="198.51.100.1").status_code == 302
    assert Inquiry.objects.filter(email_index="dave@example.org").count() == 1


def test_a_neighbour_in_the_same_network_shares_its_room(post: Post) -> None:
    flood(post, 3)
    assert post(network="203.0.113.1").status_code == 429


def test_there_is_room_again_in_the_next_hour(post: Post, clock: time_machine.Traveller) -> None:
    assert flood(post, 4).status_code == 429
    clock.shift(timedelta(hours=1))
    assert flood(post, 1).status_code == 302


def test_a_mistake_takes_no_room(post: Post) -> None:
    for _ in range(5):
        assert post(message="").status_code == 200
    assert post().status_code == 302


def test_what_names_one_address_too_often_is_held(post: Post) -> None:
    """Somebody else may be flooding its owner with our confirmations; or it is the owner, and staff will see."""
    for number, spelling in enumerate(["dave@example.org", "Dave@Example.org", " DAVE@example.org"]):
        assert post(network=f"198.51.{number}.1", email=spelling).status_code == 302
    assert sorted(Inquiry.objects.values_list("state", flat=True)) == ["held", "open", "open"]


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM privacy_limits ORDER BY cache_key")
        return str(cursor.fetchall())


def test_no_address_stands_in_the_cache(post: Post) -> None:
    post()
    assert "limit-" in stored()
    for secret in ("203.0.113", "dave", "example.org"):
        assert secret not in stored().lower()


def test_the_surplus_costs_few_queries(post: Post, django_assert_max_num_queries: Any, client: Client) -> None:
    flood(post, 3)
    with django_assert_max_num_queries(2):
        assert post().status_code == 429
