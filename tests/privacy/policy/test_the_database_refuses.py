"""What no code can do: the database keeps the versions' words and their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from privacy.policy.models import PolicyNotice, PolicyVersion
from privacy.policy.notices import list_people
from privacy.policy.versions import announce_version
from privacy.registry.triggers import missing_triggers
from tests.privacy.audit.guards import guards_lifted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def announced(version_two: PolicyVersion, bob: User) -> PolicyVersion:
    announce_version(version=version_two, now=timezone.now(), actor=bob)
    list_people(version=version_two, now=timezone.now())
    return version_two


def refused(change: Callable[[], Any]) -> bool:
    with pytest.raises(DatabaseError), transaction.atomic():
        change()
    return True


def update(version: PolicyVersion, **values: Any) -> Callable[[], int]:
    return lambda: PolicyVersion.objects.filter(pk=version.pk).update(**values)


def supersede_the_first() -> None:
    PolicyVersion.objects.filter(number=1).update(state="superseded")


def test_policy_triggers_are_installed() -> None:
    assert missing_triggers(connection, [PolicyVersion]) == []


@pytest.mark.parametrize(
    "change",
    [{"summary": "Other words"}, {"snapshot": {}}, {"effective_on": "2030-01-01"}, {"tells": False}, {"number": 9}],
)
def test_announced_words_stay(announced: PolicyVersion, change: dict[str, Any]) -> None:
    assert refused(update(announced, **change))


def test_a_draft_can_be_reworded(version_two: PolicyVersion) -> None:
    assert update(version_two, summary="Other words")() == 1


def test_nothing_takes_effect_while_somebody_is_not_told(announced: PolicyVersion) -> None:
    supersede_the_first()
    assert refused(update(announced, state="in_effect"))
    PolicyNotice.objects.update(state="called")
    assert update(announced, state="in_effect")() == 1


def test_a_draft_does_not_take_effect(version_two: PolicyVersion) -> None:
    supersede_the_first()
    assert refused(update(version_two, state="in_effect"))


@pytest.mark.parametrize("state", ["draft", "superseded"])
def test_an_announced_version_goes_no_other_way(announced: PolicyVersion, state: str) -> None:
    assert refused(update(announced, state=state))


def test_two_are_not_in_effect_at_once(announced: PolicyVersion) -> None:
    PolicyNotice.objects.update(state="called")
    assert refused(update(announced, state="in_effect"))


def test_an_announced_version_is_not_deleted(announced: PolicyVersion) -> None:
    PolicyNotice.objects.all().delete()
    assert refused(announced.delete)


def test_a_draft_is_deleted(version_two: PolicyVersion) -> None:
    assert version_two.delete()[0] == 1


def test_a_version_does_not_begin_in_effect() -> None:
    supersede_the_first()
    row = PolicyVersion(number=7, state="in_effect", summary="Sneaked in", snapshot={}, effective_on="2026-03-02")
    assert refused(row.save)


def test_one_notice_for_each_person_and_version(announced: PolicyVersion) -> None:
    notice = PolicyNotice.objects.get()
    again = PolicyNotice(version=announced, fingerprint="bob@example.com", contact_id=notice.contact_id)
    assert refused(again.save)


def test_without_the_guards_it_would_be_done(announced: PolicyVersion) -> None:
    """So that the tests above are refused by the guards, and not by something else."""
    supersede_the_first()
    with guards_lifted():
        assert update(announced, state="in_effect", summary="Other words")() == 1
