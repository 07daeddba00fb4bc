"""Staff walk a change of the policy from draft to effect."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core import mail as django_mail
from django.test import Client

from accounts.models import User
from privacy.audit.models import AuditEntry
from privacy.policy.models import PolicyNotice, PolicyVersion
from privacy.registry import policy_gate
from privacy.registry.policy_snapshot import running
from tests import factories

from .conftest import PHONE, draft_fields, policy_in_effect, press

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

LIST = "/admin/policy/policyversion/"
Policy = Callable[..., PolicyVersion]
Work = Callable[[], int]


def page(staff: Client, url: str) -> str:
    response = staff.get(url)
    assert response.status_code == 200
    return response.content.decode()


def row_of(staff: Client, version: PolicyVersion) -> str:
    return page(staff, f"{LIST}{version.pk}/change/")


def test_nothing_is_said_while_the_policy_covers_everything(staff: Client) -> None:
    assert "policy-banner" not in page(staff, "/admin/")
    assert "covers everything" in page(staff, LIST)


def test_a_banner_says_that_something_is_closed(staff: Client, lacks: Policy) -> None:
    lacks(PHONE)
    assert "Parts of this site are turned off" in page(staff, "/admin/")
    assert "New: phone number (in “Your privacy requests”)" in page(staff, LIST)


def test_the_draft_comes_with_the_difference_in_plain_words(staff: Client, lacks: Policy) -> None:
    lacks(PHONE)
    form = page(staff, f"{LIST}add/")
    assert "New: phone number (in “Your privacy requests”), for answering a privacy request. Kept: 24" in form


def test_from_draft_to_effect(staff: Client, bob: User, version_two: PolicyVersion, work: Work) -> None:
    assert press(staff, version_two, "announce") == "Notices are being sent."
    work()
    assert "once everyone affected has been notified" in django_mail.outbox[0].body
    assert "You may give us your number." in django_mail.outbox[0].body
    assert "1 of 1 notified" in row_of(staff, version_two)
    assert (
        press(staff, version_two, "put-in-effect")
        == "The version is in effect. Features that depend on it are turned on."
    )
    assert {v.number: v.state for v in PolicyVersion.objects.all()} == {1: "superseded", 2: "in_effect"}
    assert not policy_gate.waiting().differences
    recorded = AuditEntry.objects.filter(action__startswith="privacy.policy").values_list("action", "actor")
    assert set(recorded) == {("privacy.policy.announced", bob.pk), ("privacy.policy.in_effect", bob.pk)}


def test_version_does_not_take_effect_before_everybody_is_notified(
    staff: Client, version_two: PolicyVersion, work: Work
) -> None:
    press(staff, version_two, "announce")
    assert press(staff, version_two, "put-in-effect") == "1 person has not been notified yet."
    work()
    factories.inquiry("late@example.org")  # came after the others were told
    assert press(staff, version_two, "put-in-effect") == "1 person has not been notified yet."
    assert PolicyVersion.objects.get(state="in_effect").number == 1


def test_version_does_not_take_effect_before_its_announced_date(
    staff: Client, version_two: PolicyVersion, work: Work, clock: time_machine.Traveller
) -> None:
    staff.post(f"{LIST}{version_two.pk}/change/", draft_fields(effective_on="2026-03-05"))
    press(staff, version_two, "announce")
    work()
    assert "March 5, 2026" in press(staff, version_two, "put-in-effect")
    clock.move_to("2026-03-05 00:00Z")
    assert "is in effect" in press(staff, version_two, "put-in-effect")


def test_announced_words_can_not_be_edited(staff: Client, version_two: PolicyVersion) -> None:
    change = f"{LIST}{version_two.pk}/change/"
    assert staff.post(change, draft_fields(summary="Edited.")).status_code == 302
    press(staff, version_two, "announce")
    assert staff.post(change, draft_fields(summary="Edited again.")).status_code == 403
    assert PolicyVersion.objects.get(number=2).summary == "Edited."


def test_data_used_in_a_new_way_is_always_told(staff: Client, version_two: PolicyVersion) -> None:
    fields = draft_fields()
    del fields["tells"]
    staff.post(f"{LIST}{version_two.pk}/change/", fields)
    assert not PolicyVersion.objects.get(number=2).tells
    press(staff, version_two, "announce")
    assert PolicyVersion.objects.get(number=2).tells


def test_other_words_alone_may_take_effect_without_notices(staff: Client) -> None:
    fields = draft_fields(additions="We moved our office.")
    del fields["tells"]
    assert staff.post(f"{LIST}add/", fields).status_code == 302
    version = PolicyVersion.objects.get(number=2)
    press(staff, version, "announce")
    assert "is in effect" in press(staff, version, "put-in-effect")
    assert not PolicyNotice.objects.exists()
    assert "We moved our office." in page(staff, "/privacy/")


def test_a_version_without_any_difference_is_not_written(staff: Client) -> None:
    response = staff.post(f"{LIST}add/", draft_fields())
    assert "There are no changes from the version in effect" in response.content.decode()
    assert PolicyVersion.objects.count() == 1


def test_a_day_that_is_over_is_not_taken(staff: Client, lacks: Policy) -> None:
    lacks(PHONE)
    response = staff.post(f"{LIST}add/", draft_fields(effective_on="2026-03-01"))
    assert "This date is in the past." in response.content.decode()


def test_a_draft_older_than_the_code_is_saved_again_first(staff: Client, version_two: PolicyVersion) -> None:
    version_two.take({**running(), "purposes": ["order"]})
    version_two.save()
    assert "The site has changed since" in press(staff, version_two, "announce")
    staff.post(f"{LIST}{version_two.pk}/change/", draft_fields())
    assert press(staff, version_two, "announce") == "Notices are being sent."


def test_a_withdrawn_version_sends_nothing_more(staff: Client, version_two: PolicyVersion, work: Work) -> None:
    press(staff, version_two, "announce")
    assert press(staff, version_two, "withdraw") == "The version was withdrawn."
    work()
    assert django_mail.outbox == []
    assert "no longer available" in press(staff, version_two, "put-in-effect")
    assert staff.get(f"{LIST}add/").status_code == 200  # the next one can be written


def test_view_permission_alone_shows_no_buttons(version_two: PolicyVersion) -> None:
    reader, client = factories.user("rita@example.com", is_staff=True), Client()
    reader.user_permissions.set(Permission.objects.filter(codename="view_policyversion"))
    client.force_login(reader)
    assert "Send notices" not in row_of(client, version_two)
    assert client.post(f"{LIST}{version_two.pk}/step/announce/").status_code == 403


def test_a_change_that_is_covered_in_the_meantime_is_no_change(staff: Client, version_two: PolicyVersion) -> None:
    policy_in_effect(running())
    assert "policy-banner" not in page(staff, "/admin/")
