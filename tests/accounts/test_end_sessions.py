"""`manage.py end_sessions`: the operator shuts out whoever took over an account, without the admin."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from affiliates.models import Affiliate
from privacy.audit.models import AuditEntry
from tests.cast import signed_in

pytestmark = pytest.mark.django_db

ENDED, DEACTIVATED = "accounts.sessions.ended", "accounts.user.deactivated"


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("end_sessions", *arguments, stdout=out)
    return out.getvalue()


def may_work(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_sessions_of_all_staff_end_at_once_and_affiliates_stay_signed_in(
    bob: User, grace: User, alice: Affiliate
) -> None:
    browsers, affiliate = [signed_in(bob), signed_in(grace), signed_in(grace)], signed_in(alice.user)
    assert all(may_work(browser) for browser in browsers)
    assert said("--staff") == "Accounts: 2. Sessions ended: 3.\n"
    assert not any(may_work(browser) for browser in browsers)
    assert affiliate.get("/affiliates/portal/").status_code == 200
    audited = AuditEntry.objects.filter(action=ENDED)
    assert {(entry.object_id, entry.actor) for entry in audited} == {(str(bob.pk), None), (str(grace.pk), None)}


def test_sessions_of_one_account_end_and_it_can_sign_in_again(bob: User, grace: User) -> None:
    taken_over, other = signed_in(grace), signed_in(bob)
    assert said("Grace@Example.com") == "Accounts: 1. Sessions ended: 1.\n"
    assert (may_work(taken_over), may_work(other)) == (False, True)
    assert may_work(signed_in(grace))


def test_deactivated_account_can_not_sign_in_again(bob: User, grace: User) -> None:
    taken_over = signed_in(grace)
    assert "deactivated" in said("grace@example.com", "--deactivate")
    assert not may_work(taken_over)
    assert not Client().login(username="grace@example.com", password="correct horse battery")
    assert AuditEntry.objects.get(action=DEACTIVATED).object_id == str(grace.pk)


def test_last_administrator_is_not_deactivated_and_keeps_its_sessions(staff: Client) -> None:
    with pytest.raises(CommandError, match="createsuperuser"):
        said("bob@example.com", "--deactivate")
    assert may_work(staff)
    assert not AuditEntry.objects.filter(action__in=[ENDED, DEACTIVATED]).exists()


@pytest.mark.parametrize("arguments", [("nobody@example.com",), ("--staff", "--deactivate"), ()])
def test_unclear_request_is_refused(bob: User, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        said(*arguments)
