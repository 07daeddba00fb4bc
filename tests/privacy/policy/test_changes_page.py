"""/privacy/changes/: every version, what changed, and when people were told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from privacy.policy.models import PolicyNotice, PolicyVersion
from privacy.policy.versions import announce_version, put_in_effect, withdraw
from tests import factories

from .conftest import PHONE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

Work = Callable[[], int]


def page(client: Client, url: str = "/privacy/changes/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    assert not response.cookies
    text = response.content.decode()
    assert "UNDEFINED" not in text
    return " ".join(text.split())


@pytest.fixture
def announced(version_two: PolicyVersion, bob: User) -> PolicyVersion:
    announce_version(version=version_two, now=timezone.now(), actor=bob)
    return version_two


def in_effect(version: PolicyVersion, work: Work) -> None:
    work()
    put_in_effect(version=version, now=timezone.now(), actor=None)


def test_the_first_version_is_there_from_the_start(client: Client) -> None:
    assert "Version 1" in page(client)
    assert "in effect" in page(client)


def test_a_draft_is_not_shown(client: Client, version_two: PolicyVersion) -> None:
    assert "Version 2" not in page(client)
    assert client.get("/privacy/changes/2/").status_code == 404


def test_an_announced_version_says_what_changes_and_when(client: Client, announced: PolicyVersion) -> None:
    assert "sending notices" in page(client)
    assert "You may give us your number." in page(client)
    assert "March 2, 2026 at the earliest" in page(client)
    assert "phone number" in page(client, "/privacy/changes/2/")


def test_old_versions_stay_readable(client: Client, announced: PolicyVersion, work: Work) -> None:
    in_effect(announced, work)
    assert "superseded" in page(client)
    old, new = page(client, "/privacy/changes/1/"), page(client, "/privacy/changes/2/")
    assert "to March 2, 2026" in old
    assert "We email you only because you contacted us" in old
    assert old.count("phone number") == new.count("phone number") - 1


def test_a_withdrawn_version_is_said_to_be(client: Client, announced: PolicyVersion, bob: User) -> None:
    withdraw(version=announced, now=timezone.now(), actor=bob)
    assert "it never took effect" in page(client)
    assert "it never took effect" in page(client, "/privacy/changes/2/")


@pytest.mark.parametrize(("people", "said"), [(3, "fewer than 10"), (11, "<dd> 12 </dd>")])
def test_a_count_points_at_nobody(client: Client, announced: PolicyVersion, work: Work, people: int, said: str) -> None:
    for number in range(people):
        factories.inquiry(f"dave{number}@example.org")
    in_effect(announced, work)
    assert PolicyNotice.objects.count() == people + 1
    assert said in page(client)


def test_the_policy_names_its_version_and_what_waits(client: Client, announced: PolicyVersion, work: Work) -> None:
    before = page(client, "/privacy/")
    assert "Version 1, in effect since" in before
    assert 'We have announced a change: <a href="/privacy/changes/2/">' in before
    assert "They stay off until a new version takes effect" in before
    in_effect(announced, work)
    after = page(client, "/privacy/")
    assert "Version 2, in effect since March 2, 2026" in after
    assert "They stay off until" not in after


def test_changes_page_costs_few_queries(
    client: Client, announced: PolicyVersion, django_assert_num_queries: Callable[..., object]
) -> None:
    """One for the versions, and one for the pages in the site's navigation."""
    with django_assert_num_queries(2):  # type: ignore[attr-defined]
        client.get("/privacy/changes/")


def test_the_waiting_column_is_the_one_that_is_missing(version_two: PolicyVersion) -> None:
    first = PolicyVersion.objects.get(number=1)
    assert set(version_two.snapshot["columns"]) - set(first.snapshot["columns"]) == {PHONE}
