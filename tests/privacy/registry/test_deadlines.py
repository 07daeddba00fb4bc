"""The clock of a request: months end right, holidays count, a day is the vendor's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings as live_settings
from pytest_django import Settings

from privacy.models import PrivacyRequest
from privacy.registry.deadlines import add_business_days, california, deadlines_of, gdpr, local_day, next_business_day

D = date


@pytest.mark.parametrize(
    ("received", "answer_by", "extended"),
    [
        (D(2026, 3, 2), D(2026, 4, 16), D(2026, 5, 31)),
        (D(2027, 12, 31), D(2028, 2, 14), D(2028, 3, 30)),  # over a year's end and a leap day
        (D(2028, 2, 29), D(2028, 4, 14), D(2028, 5, 29)),
        (D(2026, 2, 28), D(2026, 4, 14), D(2026, 5, 29)),
    ],
)
def test_california_counts_calendar_days_from_receipt(received: date, answer_by: date, extended: date) -> None:
    assert california(received)[1:] == (answer_by, answer_by, extended)


@pytest.mark.parametrize(
    ("received", "acknowledge_by"),
    [
        (D(2026, 3, 2), D(2026, 3, 16)),  # a Monday; two weekends
        (D(2026, 3, 6), D(2026, 3, 20)),  # a Friday
        (D(2026, 3, 7), D(2026, 3, 20)),  # a Saturday
        (D(2026, 6, 26), D(2026, 7, 13)),  # 4 July is a Saturday, kept on Friday the 3rd
        (D(2026, 12, 18), D(2027, 1, 5)),  # Christmas and New Year, both Fridays
        (D(2026, 3, 25), D(2026, 4, 9)),  # Cesar Chavez Day, 31 March: California's own
    ],
)
def test_california_acknowledges_within_ten_business_days(received: date, acknowledge_by: date) -> None:
    assert california(received)[0] == acknowledge_by


def test_the_holidays_are_those_of_the_vendors_region(settings: Settings) -> None:
    settings.BUSINESS = {**live_settings.BUSINESS, "region": "NY"}
    assert california(D(2026, 3, 25))[0] == D(2026, 4, 8)
    settings.BUSINESS = {**live_settings.BUSINESS, "region": ""}
    assert california(D(2026, 3, 25))[0] == D(2026, 4, 8)


@pytest.fixture
def germany(settings: Settings) -> Settings:
    settings.PRIVACY_PROFILE = "gdpr"
    settings.BUSINESS = {**live_settings.BUSINESS, "country": "DE", "region": "BE", "time_zone": "Europe/Berlin"}
    return settings


@pytest.mark.parametrize(
    ("received", "answer_by", "extended"),
    [
        (D(2026, 3, 2), D(2026, 4, 2), D(2026, 6, 2)),
        (D(2027, 1, 31), D(2027, 3, 1), D(2027, 4, 30)),  # February 28, 2027 is a Sunday
        (D(2028, 1, 31), D(2028, 2, 29), D(2028, 5, 2)),  # a leap day; 30 April a Sunday, 1 May a holiday
        (D(2026, 8, 31), D(2026, 9, 30), D(2026, 11, 30)),
        (D(2028, 2, 29), D(2028, 3, 29), D(2028, 5, 29)),
        (D(2026, 11, 25), D(2026, 12, 28), D(2027, 2, 25)),  # Christmas on a Friday, both days and a Sunday
        (D(2026, 4, 1), D(2026, 5, 4), D(2026, 7, 1)),  # 1 May is a Friday
    ],
)
def test_gdpr_counts_months_that_end_right(germany: Settings, received: date, answer_by: date, extended: date) -> None:
    assert gdpr(received) == (answer_by, answer_by, answer_by, extended)


@pytest.mark.parametrize("profile", ["california", "gdpr"])
def test_the_profile_of_the_settings_counts(settings: Settings, profile: str) -> None:
    settings.PRIVACY_PROFILE = profile
    answer_by = deadlines_of(datetime(2026, 3, 2, 12, tzinfo=UTC)).answer_by
    assert local_day(answer_by) == {"california": D(2026, 4, 16), "gdpr": D(2026, 4, 2)}[profile]


@pytest.mark.parametrize(
    ("received_at", "answer_by"),
    [
        # Winter time when it came, summer time when it is due (March 8, 2026), and the other way round (1 November).
        (datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 4, 17, 6, 59, 59, tzinfo=UTC)),
        (datetime(2026, 10, 1, 12, tzinfo=UTC), datetime(2026, 11, 16, 7, 59, 59, tzinfo=UTC)),
        # Half past seven in the evening of 1 March in California is 2 March in UTC.
        (datetime(2026, 3, 2, 3, 30, tzinfo=UTC), datetime(2026, 4, 16, 6, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_day_is_the_vendors_own_in_summer_and_winter(received_at: datetime, answer_by: datetime) -> None:
    assert deadlines_of(received_at).answer_by == answer_by


def test_a_day_counts_until_its_last_second() -> None:
    deadlines = deadlines_of(datetime(2026, 3, 2, 12, tzinfo=UTC))
    for moment in (deadlines.acknowledge_by, deadlines.answer_by, deadlines.extend_by, deadlines.extended_answer_by):
        assert f"{moment:%H:%M:%S}" == "23:59:59"


def test_business_days() -> None:
    assert next_business_day(D(2026, 3, 2)) == D(2026, 3, 2)
    assert next_business_day(D(2026, 3, 7)) == D(2026, 3, 9)
    assert add_business_days(D(2026, 3, 6), 0) == D(2026, 3, 6)
    assert add_business_days(D(2026, 3, 6), 1) == D(2026, 3, 9)


@pytest.mark.parametrize("profile", ["california", "gdpr"])
def test_the_deadlines_are_in_order_on_every_day_of_four_years(settings: Settings, profile: str) -> None:
    settings.PRIVACY_PROFILE = profile
    for number in range(D(2026, 1, 1).toordinal(), D(2030, 1, 1).toordinal(), 3):
        day = D.fromordinal(number)
        acknowledge_by, answer_by, extend_by, extended = {"california": california, "gdpr": gdpr}[profile](day)
        assert day < acknowledge_by <= answer_by == extend_by < extended
        assert (extended - day).days <= (90 if profile == "california" else 97)


def test_a_request_is_overdue_from_the_second_after() -> None:
    request = PrivacyRequest(state="confirmed", received_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    deadlines = request.deadlines
    request.due_at, request.acknowledge_by = deadlines.answer_by, deadlines.acknowledge_by
    assert not request.is_overdue(deadlines.acknowledge_by)
    assert request.is_overdue(deadlines.acknowledge_by + timedelta(seconds=1))  # nobody told the person that it came
    request.acknowledged_at = request.received_at
    assert not request.is_overdue(deadlines.answer_by)
    assert request.is_overdue(deadlines.answer_by + timedelta(seconds=1))
    assert request.due_on == D(2026, 4, 16)
