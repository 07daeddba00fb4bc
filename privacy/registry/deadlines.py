"""Deadlines of privacy requests: acknowledgment, answer and extension.

Days are in the vendor's time zone (`BUSINESS_TIME_ZONE`); business days exclude weekends and public holidays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from dateutil.relativedelta import relativedelta
from django.conf import settings


@dataclass(frozen=True)
class Deadlines:
    """Deadlines, each the end of a day."""

    acknowledge_by: datetime
    answer_by: datetime
    extend_by: datetime  # by then the person must be told of an extension and its reason
    extended_answer_by: datetime


def california(received_on: date) -> tuple[date, date, date, date]:
    """11 CCR 7021: confirm within 10 business days; answer within 45 calendar days of receipt, regardless of how long
    verification takes; 90 days in total if the person is told why."""
    answer_by = received_on + timedelta(days=45)
    return add_business_days(received_on, 10), answer_by, answer_by, received_on + timedelta(days=90)


def gdpr(received_on: date) -> tuple[date, date, date, date]:
    """GDPR art. 12(3): one month, two more if the person is told why within the first. Regulation 1182/71 art. 3: a
    month ends on the same date or the month's last day, moved past weekends and holidays."""
    answer_by = next_business_day(received_on + relativedelta(months=1))
    return answer_by, answer_by, answer_by, next_business_day(received_on + relativedelta(months=3))


PROFILES = {"california": california, "gdpr": gdpr}


def deadlines_of(received_at: datetime) -> Deadlines:
    """The deadlines under the profile in the settings."""
    days = PROFILES[settings.PRIVACY_PROFILE](local_day(received_at))
    return Deadlines(*(_end_of(day) for day in days))


def add_business_days(day: date, count: int) -> date:
    for _ in range(count):
        day = next_business_day(day + timedelta(days=1))
    return day


def next_business_day(day: date) -> date:
    """The day itself if it is a business day."""
    while day.weekday() >= 5 or day in _holidays():
        day += timedelta(days=1)
    return day


def business_days_after(moment: datetime, count: int) -> datetime:
    """The end of the day that is `count` business days later."""
    return _end_of(add_business_days(local_day(moment), count))


def local_day(moment: datetime) -> date:
    """The date in the vendor's time zone."""
    return moment.astimezone(business_zone()).date()


def in_days(moment: datetime, *, now: datetime) -> str:
    """How far away the day is, in the vendor's time zone: "today", "tomorrow", "in 3 days", "2 days ago"."""
    days = (local_day(moment) - local_day(now)).days
    if abs(days) <= 1:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), tzinfo=business_zone())


def business_zone() -> ZoneInfo:
    """The vendor's time zone."""
    return ZoneInfo(settings.BUSINESS["time_zone"])


def _holidays() -> Mapping[date, str]:
    return _holidays_in(settings.BUSINESS["country"], settings.BUSINESS["region"])


@lru_cache(maxsize=8)
def _holidays_in(country: str, region: str) -> Mapping[date, str]:
    return holidays.country_holidays(country, subdiv=region or None)
