"""Everybody is told once: by mail, and whom no mail reaches by a call or a letter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from aitpro.housekeeping import housekeep
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import suppress
from privacy.erasure.erase import erase_person
from privacy.models import OutgoingMail, PrivacyRequest
from privacy.policy import notices
from privacy.policy.models import PolicyNotice, PolicyVersion
from privacy.policy.notices import list_people, send_pending_notices
from privacy.policy.versions import announce_version
from privacy.registry.purposes import Channel
from shop.models import Product
from tests import factories

from .conftest import PHONE, draft_fields, press

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

State = PolicyNotice.State
Work = Callable[[], int]


@pytest.fixture
def announced(version_two: PolicyVersion, bob: User) -> PolicyVersion:
    """Version 2, announced; Bob, who signs in, is one of those to be told."""
    announce_version(version=version_two, now=timezone.now(), actor=bob)
    return version_two


def notice_of(email: str) -> PolicyNotice:
    return PolicyNotice.objects.get(person_index=email)


def told_by_mail() -> list[str]:
    return sorted(message.to[0].lower() for message in django_mail.outbox)


def round_of_work(work: Work) -> None:
    work()
    send_pending_notices(now=timezone.now())


def test_a_person_with_many_rows_gets_one_mail(announced: PolicyVersion, product: Product, work: Work) -> None:
    factories.inquiry("dave@example.org")
    factories.inquiry("DAVE@example.org")
    factories.order(product, email="Dave@Example.org")
    factories.order(product, email="carol@example.org")
    round_of_work(work)
    round_of_work(work)
    assert told_by_mail() == ["bob@example.com", "carol@example.org", "dave@example.org"]
    assert set(PolicyNotice.objects.values_list("state", flat=True)) == {State.DELIVERED}


def test_a_notice_goes_to_the_stored_address_and_not_to_one_that_somebody_typed(
    version_two: PolicyVersion, bob: User, work: Work, client: Client
) -> None:
    client.post("/privacy/choices/", {"email": "DAVE@example.org"})
    announce_version(version=version_two, now=timezone.now(), actor=bob)
    list_people(version=version_two, now=timezone.now())
    assert notice_of("dave@example.org").contact_model == "privacy.ChoicesRequest"
    factories.inquiry("dave@example.org")
    round_of_work(work)
    notices_mailed = [message.to for message in django_mail.outbox if "privacy" in message.subject.lower()]
    assert ["dave@example.org"] in notices_mailed
    assert ["DAVE@example.org"] not in notices_mailed


def test_a_notice_holds_no_address(announced: PolicyVersion, work: Work) -> None:
    factories.inquiry("dave@example.org")
    work()
    columns = [getattr(notice_of("dave@example.org"), f.attname) for f in PolicyNotice._meta.concrete_fields]
    assert not [value for value in columns if "dave" in str(value)]


def test_notice_to_person_who_opted_out_of_mail_waits_for_a_call_or_letter(
    announced: PolicyVersion, staff: Client, bob: User, work: Work
) -> None:
    factories.inquiry("dave@example.org")
    suppress("dave@example.org", Channel.EMAIL)
    round_of_work(work)
    notice = notice_of("dave@example.org")
    assert (notice.state, notice.reason) == (State.UNREACHABLE, "this person opted out of email")
    assert told_by_mail() == ["bob@example.com"]
    assert press(staff, announced, "put-in-effect") == "1 person has not been notified yet."
    assert press(staff, notice, "written") == "The letter is recorded."
    assert AuditEntry.objects.filter(action="privacy.notice.written", actor=bob.pk).count() == 1
    assert "is in effect" in press(staff, announced, "put-in-effect")


def test_a_call_to_somebody_who_wants_none_is_not_recorded(announced: PolicyVersion, staff: Client, work: Work) -> None:
    factories.inquiry("dave@example.org")
    suppress("dave@example.org", Channel.EMAIL, Channel.PHONE)
    work()
    notice = notice_of("dave@example.org")
    assert press(staff, notice, "called") == "This person opted out of contact by phone."
    assert press(staff, notice, "written") == "The letter is recorded."


def test_person_who_opted_out_of_every_channel_can_be_left_out(
    announced: PolicyVersion, staff: Client, work: Work
) -> None:
    factories.inquiry("dave@example.org")
    suppress("dave@example.org", Channel.EMAIL)
    work()
    notice = notice_of("dave@example.org")
    assert "can still be contacted by phone or letter" in press(staff, notice, "leave-out")
    suppress("dave@example.org")
    assert press(staff, notice, "leave-out") == "The person was left out."
    assert "is in effect" in press(staff, announced, "put-in-effect")


def test_nobody_is_left_out_when_stored_data_is_used_in_a_new_way(
    staff: Client, bob: User, says: Callable[..., PolicyVersion], work: Work
) -> None:
    says("contacts_inquiry.email", recipients="our printer")
    suppress("bob@example.com")
    staff.post("/admin/policy/policyversion/add/", draft_fields())
    press(staff, PolicyVersion.objects.get(number=2), "announce")
    work()
    assert "nobody can be left out" in press(staff, notice_of("bob@example.com"), "leave-out")


def test_a_mail_that_came_back_told_nobody(announced: PolicyVersion, staff: Client, work: Work) -> None:
    round_of_work(work)
    assert notice_of("bob@example.com").state == State.DELIVERED
    OutgoingMail.objects.update(state=OutgoingMail.State.FAILED)
    assert press(staff, announced, "put-in-effect") == "1 person has not been notified yet."
    notice = notice_of("bob@example.com")
    assert (notice.state, notice.reason, notice.settled_at) == (State.UNREACHABLE, "the mail was not delivered", None)


def test_a_mail_of_which_nothing_is_known_told_nobody(announced: PolicyVersion, work: Work) -> None:
    list_people(version=announced, now=timezone.now())
    notices.mail_notice(notice_of("bob@example.com"))
    OutgoingMail.objects.all().delete()
    send_pending_notices(now=timezone.now())
    assert notice_of("bob@example.com").state == State.UNREACHABLE


def test_somebody_without_an_address_waits_for_staff(announced: PolicyVersion, staff: Client, work: Work) -> None:
    request = PrivacyRequest.objects.create(kind="access", contact="12 Main Street", keep_until="2027-01-01T00:00Z")
    work()
    notice = PolicyNotice.objects.get(contact_id=request.pk)
    assert (notice.state, notice.reason) == (State.UNREACHABLE, "no email address is known")
    assert press(staff, announced, "put-in-effect") == "1 person has not been notified yet."
    assert press(staff, notice, "called") == "The call is recorded."


def test_erased_person_needs_no_notice(announced: PolicyVersion, staff: Client, work: Work) -> None:
    factories.inquiry("dave@example.org")
    suppress("dave@example.org", Channel.EMAIL)
    work()
    assert notice_of("dave@example.org")
    erase_person(email="dave@example.org")
    assert not PolicyNotice.objects.filter(person_index="dave@example.org").exists()
    assert "is in effect" in press(staff, announced, "put-in-effect")


def test_person_without_stored_rows_needs_no_notice(announced: PolicyVersion, staff: Client, work: Work) -> None:
    inquiry = factories.inquiry("dave@example.org")
    suppress("dave@example.org", Channel.EMAIL)
    work()
    assert press(staff, announced, "put-in-effect") == "1 person has not been notified yet."
    inquiry.delete()
    assert "is in effect" in press(staff, announced, "put-in-effect")


def test_somebody_who_changed_the_address_is_told_at_the_new_one(announced: PolicyVersion, work: Work) -> None:
    inquiry = factories.inquiry("dave@example.org")
    list_people(version=announced, now=timezone.now())
    inquiry.email = "david@example.org"
    inquiry.save()
    round_of_work(work)
    round_of_work(work)
    assert told_by_mail() == ["bob@example.com", "david@example.org"]


def test_people_whose_rows_have_expired_are_not_written_to(announced: PolicyVersion, work: Work) -> None:
    factories.inquiry("old@example.org", received_at=timezone.now().replace(year=2020))
    work()
    assert told_by_mail() == ["bob@example.com"]


def test_many_are_told_in_rounds(announced: PolicyVersion, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MAILED_AT_ONCE", 3)
    for number in range(8):
        factories.inquiry(f"dave{number}@example.org")
    assert send_pending_notices(now=timezone.now()) == 3
    assert PolicyNotice.objects.filter(state=State.WAITING).count() == 6
    work()  # the task goes on by itself
    assert len(told_by_mail()) == 9


def test_housekeeping_goes_on_with_it(announced: PolicyVersion) -> None:
    assert housekeep(now=timezone.now())["people notified of a new policy"] == 1
    assert housekeep(now=timezone.now())["people notified of a new policy"] == 0


def test_two_workers_write_one_mail(announced: PolicyVersion) -> None:
    list_people(version=announced, now=timezone.now())
    seen_by_both = notice_of("bob@example.com"), notice_of("bob@example.com")
    assert [notices.mail_notice(notice) for notice in seen_by_both] == [True, False]
    assert OutgoingMail.objects.count() == 1


def test_listing_again_asks_nothing_about_those_who_are_listed(
    announced: PolicyVersion, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(20):
        factories.inquiry(f"dave{number}@example.org")
    assert list_people(version=announced, now=timezone.now()) == 21
    with django_assert_max_num_queries(27):  # type: ignore[attr-defined]
        assert list_people(version=announced, now=timezone.now()) == 0


def test_the_page_of_a_notice_leads_to_the_row_with_the_address(
    announced: PolicyVersion, staff: Client, bob: User, work: Work
) -> None:
    inquiry = factories.inquiry("dave@example.org")
    work()
    notice = notice_of("dave@example.org")
    page = staff.get(f"/admin/policy/policynotice/{notice.pk}/change/").content.decode()
    assert f"/admin/contacts/inquiry/{inquiry.pk}/change/" in page
    assert "dave@example.org" not in page
    assert AuditEntry.objects.filter(action="privacy.staff.read", object_id=str(notice.pk), actor=bob.pk).exists()


def test_settled_notice_can_not_be_settled_again(announced: PolicyVersion, staff: Client, work: Work) -> None:
    round_of_work(work)
    assert "no longer available" in press(staff, notice_of("bob@example.com"), "called")


def test_the_phone_of_the_example_is_what_is_waited_for(announced: PolicyVersion) -> None:
    assert [change.place for change in announced.changes() if change.closes] == [PHONE]
