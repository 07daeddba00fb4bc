"""A fresh database starts with the policy that the code prints, without anybody's doing."""

from __future__ import annotations

import pytest
from django.core.management.sql import emit_post_migrate_signal
from pytest_django import Settings

from privacy.models import PrivacyRequest
from privacy.policy.checks import check_what_is_left_out
from privacy.policy.models import PolicyVersion
from privacy.registry.policy_gate import forget, is_open, waiting
from privacy.registry.policy_snapshot import hash_of, running
from tests.privacy.audit.guards import guards_lifted

from .conftest import PHONE

pytestmark = pytest.mark.django_db


def migrated(alias: str) -> None:
    emit_post_migrate_signal(verbosity=0, interactive=False, db=alias)


def migrate_a_fresh_database() -> None:
    with guards_lifted():
        PolicyVersion.objects.all().delete()
    forget()
    migrated("default")


def test_first_version_is_in_effect_and_covers_everything() -> None:
    version = PolicyVersion.objects.get()
    assert (version.number, version.state, version.registry_hash) == (1, "in_effect", hash_of(running()))
    assert waiting().differences == ()


def test_columns_that_the_operator_leaves_out_stay_closed(settings: Settings) -> None:
    settings.POLICY_LEAVES_OUT = [PHONE]
    migrate_a_fresh_database()
    assert list(waiting().closed) == [PHONE]
    assert not is_open(PrivacyRequest, "phone")


def test_a_later_migration_changes_nothing(settings: Settings) -> None:
    settings.POLICY_LEAVES_OUT = [PHONE]
    migrated("default")
    assert PolicyVersion.objects.get().registry_hash == hash_of(running())


def test_the_key_store_has_no_policy() -> None:
    with guards_lifted():
        PolicyVersion.objects.all().delete()
    migrated("keystore")
    assert not PolicyVersion.objects.exists()


def test_leaving_out_what_does_not_exist_is_found_at_the_start(settings: Settings) -> None:
    assert check_what_is_left_out(None) == []
    settings.POLICY_LEAVES_OUT = ["shop_order.shoe_size"]
    assert [message.id for message in check_what_is_left_out(None)] == ["privacy.E040"]
