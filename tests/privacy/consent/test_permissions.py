"""Whether somebody may be contacted: by which channel, for what, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from contacts.models import Inquiry
from privacy.consent.contact_permission import (
    CHANNELS,
    ContactRefused,
    Permission,
    may_contact,
    require_contact_permission,
)
from privacy.consent.opt_outs import is_opted_out, suppress, unsuppress
from privacy.mail.bounces import mark_undeliverable
from privacy.models import Suppression
from privacy.registry.purposes import Channel, Purpose, Refusal
from tests import factories

pytestmark = pytest.mark.django_db

DAVE, PHONE, HOME = "dave@example.org", "(805) 555-0123", "12 North Main Street\nVentura, CA 93001"
EMAIL, CALL, LETTER = Channel.EMAIL, Channel.PHONE, Channel.LETTER
ASK, QUOTE, ORDER = Purpose.ANSWER_INQUIRY, Purpose.QUOTE, Purpose.ORDER


@pytest.fixture
def inquiry(clock: time_machine.Traveller) -> Inquiry:
    return factories.inquiry(DAVE, phone=PHONE, address=HOME)


def asked(inquiry: Inquiry, channel: Channel = EMAIL, purpose: Purpose = ASK) -> Permission:
    points = {"email": inquiry.email, "phone": inquiry.phone, "address": inquiry.address}
    return may_contact(channel=channel, purpose=purpose, about=inquiry, given_at=inquiry.received_at, **points)


@pytest.mark.parametrize("channel", Channel)
def test_address_given_with_a_question_may_be_used_to_answer_it(inquiry: Inquiry, channel: Channel) -> None:
    assert asked(inquiry, channel) == Permission(True, "given for answering a question")


@pytest.mark.parametrize("channel", Channel)
def test_address_given_for_one_purpose_is_refused_for_another(inquiry: Inquiry, channel: Channel) -> None:
    permission = asked(inquiry, channel, ORDER)
    assert not permission
    assert permission.refusal == Refusal.OTHER_PURPOSE
    assert permission.reason == "this was given for answering a question, not for fulfilling an order"


def test_a_permission_ends_with_the_retention_even_if_the_purge_stopped(
    inquiry: Inquiry, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=730) - timedelta(seconds=1))
    assert asked(inquiry)
    clock.shift(timedelta(seconds=1))
    assert asked(inquiry).refusal == Refusal.TIME_OVER


def test_every_purpose_says_by_which_channels_people_are_reached() -> None:
    assert set(CHANNELS) == set(Purpose)
    assert CHANNELS[Purpose.REFERRAL_TRACKING] == CHANNELS[Purpose.SITE_TRAFFIC] == frozenset()


@pytest.mark.parametrize("purpose", [Purpose.REFERRAL_TRACKING, Purpose.SITE_TRAFFIC])
def test_nobody_is_contacted_about_a_visit(db: None, purpose: Purpose) -> None:
    assert may_contact(channel=EMAIL, purpose=purpose, email=DAVE).refusal == Refusal.CHANNEL


def test_affiliates_are_not_called(db: None) -> None:
    permission = may_contact(channel=CALL, purpose=Purpose.AFFILIATE_ACCOUNT, phone=PHONE)
    assert permission.reason == "contact by phone is not allowed for running an affiliate's account"


@pytest.mark.parametrize("channel", [CALL, LETTER])
def test_without_a_number_or_address_there_is_nothing_to_permit(channel: Channel) -> None:
    assert may_contact(channel=channel, purpose=ASK, email=DAVE).refusal == Refusal.NO_ADDRESS


@pytest.mark.parametrize(
    "point",
    [{"email": "DAVE@Example.org "}, {"phone": "+1 805-555-0123"}, {"address": "12 N. Main St., Ventura CA 93001"}],
)
@pytest.mark.parametrize("channel", Channel)
def test_an_opt_out_counts_under_any_contact_point_however_it_is_written(
    inquiry: Inquiry, point: dict[str, str], channel: Channel
) -> None:
    suppress(**point)  # type: ignore[arg-type]
    assert asked(inquiry, channel).refusal == Refusal.OPTED_OUT
    assert may_contact(channel=channel, purpose=ASK, email="x@example.org", phone="805 555 0199", address="1 Oak Ave")


def test_a_channel_is_closed_alone(inquiry: Inquiry) -> None:
    suppress(DAVE, CALL)
    assert [bool(asked(inquiry, channel)) for channel in (EMAIL, CALL, LETTER)] == [True, False, True]


def test_a_purpose_is_closed_alone(inquiry: Inquiry) -> None:
    suppress(DAVE, EMAIL, purpose=ASK)
    assert not asked(inquiry)
    assert may_contact(channel=EMAIL, purpose=QUOTE, email=DAVE)


def test_consent_given_again_after_an_opt_out_is_valid(inquiry: Inquiry, clock: time_machine.Traveller) -> None:
    suppress(DAVE, purpose=ASK)
    clock.shift(timedelta(seconds=1))
    assert not asked(inquiry)
    assert asked(factories.inquiry(DAVE, phone=PHONE, address=HOME))


def test_mail_that_comes_back_ends_mail_alone(inquiry: Inquiry) -> None:
    mark_undeliverable(DAVE, code="550 5.1.1")
    assert asked(inquiry).reason == "undeliverable since March 2, 2026"
    assert asked(inquiry, CALL)


def test_an_undeliverable_address_is_tried_again_after_a_year(db: None, clock: time_machine.Traveller) -> None:
    mark_undeliverable(DAVE, code="550")
    clock.shift(timedelta(days=365) - timedelta(seconds=1))
    assert not may_contact(channel=EMAIL, purpose=ASK, email=DAVE)
    clock.shift(timedelta(seconds=1))
    assert may_contact(channel=EMAIL, purpose=ASK, email=DAVE)


def test_a_call_outside_its_purpose_is_refused_with_the_reason(inquiry: Inquiry) -> None:
    require_contact_permission(channel=CALL, purpose=ASK, phone=PHONE, about=inquiry)
    with pytest.raises(ContactRefused, match="given for answering a question, not for preparing a quote"):
        require_contact_permission(channel=CALL, purpose=QUOTE, phone=PHONE, about=inquiry)


def test_opening_one_purpose_again_leaves_the_others_closed_since_the_same_day(clock: time_machine.Traveller) -> None:
    suppress(DAVE)
    before = timezone.now()
    clock.shift(timedelta(days=3))
    unsuppress(DAVE, channel=EMAIL, purpose=QUOTE, among=[ASK, QUOTE, ORDER])
    assert not is_opted_out(DAVE, EMAIL, purpose=QUOTE)
    assert is_opted_out(DAVE, EMAIL, purpose=ASK, given_at=before)
    assert is_opted_out(DAVE, CALL, purpose=QUOTE)
    assert set(Suppression.objects.values_list("created_at", flat=True)) == {before}


def test_an_answer_costs_two_queries(inquiry: Inquiry, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        asked(inquiry)
