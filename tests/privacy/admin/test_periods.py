"""Periods of reports: presets, the period before, and choices that make no sense."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qs

import pytest
from pytest_django import Settings

from privacy.admin_base.reporting.periods import PeriodForm, Preset, ReportPeriod
from privacy.registry.deadlines import local_day

TODAY = date(2026, 3, 30)
NOW = datetime(2026, 3, 30, 20, 0, tzinfo=UTC)


def span(period: ReportPeriod) -> tuple[str, str]:
    return str(period.since), str(period.until)


@pytest.mark.parametrize(
    ("preset", "days", "before"),
    [
        (Preset.TODAY, ("2026-03-30", "2026-03-30"), ("2026-03-29", "2026-03-29")),
        (Preset.LAST_7, ("2026-03-24", "2026-03-30"), ("2026-03-17", "2026-03-23")),
        (Preset.LAST_30, ("2026-03-01", "2026-03-30"), ("2026-01-30", "2026-02-28")),
        (Preset.THIS_MONTH, ("2026-03-01", "2026-03-30"), ("2026-02-01", "2026-02-28")),
        (Preset.LAST_MONTH, ("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31")),
        (Preset.THIS_YEAR, ("2026-01-01", "2026-03-30"), ("2025-01-01", "2025-03-30")),
    ],
)
def test_preset_and_the_period_before(preset: Preset, days: tuple[str, str], before: tuple[str, str]) -> None:
    period = preset.period(TODAY)
    assert (span(period), span(period.before)) == (days, before)


@pytest.mark.parametrize(
    ("since", "until", "before"),
    [
        ("2026-02-01", "2026-02-28", ("2026-01-01", "2026-01-31")),
        ("2025-01-01", "2025-12-31", ("2024-01-01", "2024-12-31")),
        ("2026-02-01", "2026-02-27", ("2026-01-05", "2026-01-31")),
        ("2026-01-15", "2026-02-14", ("2025-12-15", "2026-01-14")),
    ],
)
def test_typed_whole_month_or_year_is_compared_with_the_one_before(
    since: str, until: str, before: tuple[str, str]
) -> None:
    form = PeriodForm({"since": since, "until": until}, now=NOW)
    assert form.is_valid()
    assert span(form.period.before) == before


def test_leap_day_is_compared_with_the_last_day_of_february() -> None:
    assert span(Preset.THIS_YEAR.period(date(2028, 2, 29)).before) == ("2027-01-01", "2027-02-28")


def test_day_begins_at_midnight_of_the_business(settings: Settings) -> None:
    settings.BUSINESS = {**settings.BUSINESS, "time_zone": "America/Los_Angeles"}
    assert local_day(datetime(2026, 3, 2, 7, 59, tzinfo=UTC)) == date(2026, 3, 1)
    march = ReportPeriod(date(2026, 3, 1), date(2026, 3, 31))
    # Daylight saving time begins on March 8.
    assert (march.start, march.end) == (datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 4, 1, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (ReportPeriod(TODAY, TODAY), "March 30, 2026"),
        (ReportPeriod(date(2026, 2, 1), date(2026, 2, 28)), "February 2026"),
        (ReportPeriod(date(2026, 1, 1), date(2026, 12, 31)), "2026"),
        (ReportPeriod(date(2026, 3, 1), TODAY), "March 1 to 30, 2026"),
        (ReportPeriod(date(2026, 1, 1), TODAY), "January 1 to March 30, 2026"),
        (ReportPeriod(date(2025, 12, 31), TODAY), "December 31, 2025 to March 30, 2026"),
    ],
)
def test_period_in_words(period: ReportPeriod, text: str) -> None:
    assert str(period) == text


def test_series_has_no_gap() -> None:
    quarter = ReportPeriod(date(2025, 12, 15), date(2026, 2, 2))
    assert list(quarter.starts("month")) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert len(list(quarter.starts("day"))) == quarter.days == 50


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"since": "1900-01-01", "until": "9999-12-31"}, "Please choose days from January 1, 2000 to March 30, 2026"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "The first day is after the last one."),
        ({"since": "2000-01-01", "until": "2026-03-01"}, "Please choose at most ten years."),
        ({"since": "2026-04-01", "until": "2026-04-02"}, "Please choose days from January 1, 2000 to March 30, 2026"),
        ({"since": "tomorrow", "until": "2026-02-30"}, "Enter a valid date."),
    ],
)
def test_senseless_period_gets_a_clear_message(given: dict[str, str], message: str) -> None:
    form = PeriodForm(given, now=NOW)
    assert not form.is_valid()
    assert message in str(form.errors)


def test_days_win_over_a_preset_and_end_today() -> None:
    form = PeriodForm({"period": "last-month", "since": "2026-03-05", "until": "2026-04-20"}, now=NOW)
    assert form.is_valid()
    assert span(form.period) == ("2026-03-05", "2026-03-30")
    assert not any(link.is_chosen for link in form.presets)


def test_one_day_alone_takes_the_other_from_the_usual_period() -> None:
    form = PeriodForm({"since": "2026-03-05"}, now=NOW)
    assert form.is_valid()
    assert span(form.period) == ("2026-03-05", "2026-03-30")


def test_unknown_preset_is_the_usual_period() -> None:
    form = PeriodForm({"period": "<script>"}, now=NOW)
    assert form.is_valid()
    assert form.period == Preset.LAST_30.period(TODAY)
    [chosen] = [link for link in form.presets if link.is_chosen]
    assert parse_qs(chosen.query.removeprefix("?")) == {"period": ["30-days"]}
