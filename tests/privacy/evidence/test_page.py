"""The page of evidence, its JSON, the badges of the policy, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from privacy.evidence import measurement, snapshot
from privacy.evidence.measurement import Evidence, findings
from privacy.evidence.snapshot import refresh_evidence, take_snapshot
from privacy.models import PrivacyRequest
from privacy.models.evidence import Measurement
from privacy.registry.promises import PROMISES
from tests import factories

from .test_breaking_each import overdue

pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db, pytest.mark.usefixtures("kept")]
PAGE, JSON = "/privacy/evidence/", "/privacy/evidence.json"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often each promise was measured; all of them are kept."""
    calls = dict.fromkeys(measurement._measures, 0)

    def counting(promise: str) -> Callable[[object], Evidence]:
        def measure(now: object) -> Evidence:
            calls[promise] += 1
            return Evidence(kept=True)

        return measure

    monkeypatch.setattr(measurement, "_measures", {promise: counting(promise) for promise in calls})
    return calls


def soup(client: Client, path: str = PAGE) -> Any:
    return BeautifulSoup(client.get(path).content, "html.parser")


def row_of(page: Any, promise: str) -> Any:
    return page.select_one(f"details:has(#{promise})")


# --- What a visitor reads ---------------------------------------------------------------------------------------------
def test_the_summary_is_at_the_top_and_each_promise_has_its_row(client: Client) -> None:
    page = soup(client)
    assert f"{len(PROMISES)} of {len(PROMISES)} promises are kept" in page.find("h2").text
    assert "Measured on March 2, 2026, 12:00 UTC" in page.text
    assert [row["id"] for row in page.select(".promise-detail")] == [promise.id for promise in PROMISES]
    assert all("Kept since March 2, 2026, 12:00 UTC" in row.text for row in page.select(".promise-detail"))
    assert "UNDEFINED" not in page.text


def test_a_broken_promise_comes_first_and_says_so_in_words(client: Client) -> None:
    overdue(PrivacyRequest.Kind.COMPLAINT)
    page = soup(client)
    first = page.select("details:has(.promise-detail)")[0]
    assert first.select_one(".promise-detail")["id"] == "complaints"
    assert "Broken" in first.summary.text
    assert f"{len(PROMISES) - 1} of {len(PROMISES)} promises are kept, 1 broken" in page.find("h2").text


def test_a_row_is_open_for_who_comes_from_the_policy_and_leads_back_there(client: Client) -> None:
    link = soup(client, "/privacy/").select_one("#opt-out a")["href"]
    page = soup(client, link)
    opened = page.select("details[open]")
    assert [row.select_one(".promise-detail")["id"] for row in opened] == ["opt-out"]
    back = opened[0].select_one("a")["href"]
    assert back == "/privacy/#opt-out"
    assert soup(client, "/privacy/").select_one("details > #opt-out") is not None


@pytest.mark.parametrize("typed", ["", "?promise=none", "?promise=%00", "?promise=%3Cb%3E&promise=opt-out%22"])
def test_no_row_is_open_for_anything_else(client: Client, typed: str) -> None:
    assert soup(client, PAGE + typed).select("details[open]") == []


def test_a_few_people_are_not_counted_in_public(client: Client) -> None:
    overdue(PrivacyRequest.Kind.ACCESS)
    figures = {promise["id"]: promise["figures"] for promise in client.get(JSON).json()["promises"]}
    assert figures["access"]["overdue"] == "fewer than 10"
    assert figures["phone-purpose"]["calls on the staff list"] == "fewer than 10"


def test_no_figure_holds_anything_personal(client: Client) -> None:
    text = client.get(PAGE).content.decode() + client.get(JSON).content.decode()
    assert "19 of 19" in text
    for personal in ("Dave", "dave@example.org", "555 0100", "1 Main St", "Carol", "carol@example.org"):
        assert personal not in text


def promises_of_the_policy(client: Client) -> dict[str, Any]:
    """The rows, by the link to their evidence."""
    rows = soup(client, "/privacy/").select("#promises ~ .openers > details")
    return {row.a["href"]: row for row in rows}


def test_the_policy_has_a_badge_at_each_promise(client: Client) -> None:
    client.get(PAGE)
    rows = promises_of_the_policy(client)
    assert rows.keys() == {f"{PAGE}?promise={promise.id}#{promise.id}" for promise in PROMISES}
    assert all("kept" in row.summary.text and "Kept since March 2, 2026" in row.text for row in rows.values())
    assert not [href for href, row in rows.items() if row.has_attr("open")]


def test_a_broken_promise_is_open_in_the_policy_and_says_so(client: Client) -> None:
    overdue(PrivacyRequest.Kind.ACCESS)
    refresh_evidence(now=timezone.now())
    rows = promises_of_the_policy(client)
    broken = [href for href, row in rows.items() if "broken" in row.summary.text]
    assert broken == [href for href, row in rows.items() if row.has_attr("open")] == [f"{PAGE}?promise=access#access"]
    assert "Broken since" in rows[broken[0]].text


def test_before_the_first_measurement_the_badge_says_so(client: Client) -> None:
    assert all("not measured yet" in row.summary.text for row in promises_of_the_policy(client).values())


# --- What programs read -----------------------------------------------------------------------------------------------
def test_the_json_keeps_its_shape(client: Client) -> None:
    answer = client.get(JSON).json()
    assert answer.keys() == {"schema", "measured_at", "kept", "broken", "attacks", "promises", "audit_head", "keys"}
    assert (answer["schema"], answer["kept"], answer["broken"]) == (2, 19, 0)
    wanted = {"id", "promise", "enforced_by", "test", "state", "kept", "since", "measured_at", "figures", "history"}
    wanted |= {"attacked"}
    assert all(promise.keys() == wanted for promise in answer["promises"])
    assert [promise["id"] for promise in answer["promises"]] == [promise.id for promise in PROMISES]


def test_the_json_has_the_history(client: Client, clock: time_machine.Traveller) -> None:
    client.get(JSON)
    overdue(PrivacyRequest.Kind.ACCESS)
    clock.shift(timedelta(minutes=2))
    client.get(JSON)
    PrivacyRequest.objects.all().delete()
    clock.shift(timedelta(minutes=2))
    access = next(promise for promise in client.get(JSON).json()["promises"] if promise["id"] == "access")
    assert (access["state"], access["since"]) == ("kept", "2026-03-02T12:04:00+00:00")
    assert access["history"] == [{"broke_at": "2026-03-02T12:02:00+00:00", "mended_at": "2026-03-02T12:04:00+00:00"}]


def test_each_test_that_is_named_exists() -> None:
    missing = [promise.test for promise in PROMISES if not (Path(settings.BASE_DIR) / promise.test).is_file()]
    assert missing == []


def test_check_promises_tells_each_broken_one(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_promises")
    assert "Every promise is kept: 19 of 19." in capsys.readouterr().out
    overdue(PrivacyRequest.Kind.ACCESS)
    overdue(PrivacyRequest.Kind.COMPLAINT)
    with pytest.raises(CommandError, match=f"2 of {len(PROMISES)} promises are broken"):
        call_command("check_promises")
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["rehearsal", "sweep", "access", "complaints"]


def test_check_promises_fails_for_what_nothing_measures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(measurement._measures, "opt-out")
    with pytest.raises(CommandError):
        call_command("check_promises")
    assert "opt-out: measured: there is no measurement" in capsys.readouterr().out


# --- What it costs ----------------------------------------------------------------------------------------------------
def test_a_busy_page_costs_one_measurement_a_minute(
    client: Client, clock: time_machine.Traveller, counted: dict[str, int]
) -> None:
    for _ in range(3):
        client.get(PAGE)
        client.get(JSON)
    assert counted["access"] == 1
    clock.shift(timedelta(minutes=1))
    client.get(PAGE)
    assert counted["access"] == 2


def test_a_page_from_the_cache_costs_hardly_a_query(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(PAGE)
    with django_assert_max_num_queries(2):
        client.get(PAGE)
    with django_assert_max_num_queries(2):
        client.get(JSON)


@pytest.mark.parametrize("people", [1, 30])
def test_a_measurement_costs_the_same_however_much_is_kept(
    people: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(people):
        factories.inquiry(f"visitor{number}@example.org", phone="+1 805 555 0199", address="2 Main St")
    take_snapshot(now=timezone.now())
    with django_assert_max_num_queries(130):
        take_snapshot(now=timezone.now(), max_age=timedelta(hours=1))


def test_while_one_measures_others_get_the_last(
    client: Client, clock: time_machine.Traveller, counted: dict[str, int]
) -> None:
    client.get(PAGE)
    clock.shift(timedelta(minutes=5))
    cache.add(snapshot._LOCK, "measuring", 60)
    assert "Measured on March 2, 2026, 12:00 UTC" in client.get(PAGE).content.decode()
    assert counted["access"] == 1


def test_while_the_first_is_being_made_the_page_asks_for_patience(client: Client) -> None:
    cache.add(snapshot._LOCK, "measuring", 60)
    for path in (PAGE, JSON):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_measurement_that_fails_as_a_whole_stands_in_nobodys_way(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "signed_head", lambda: json.loads("no"))
        with pytest.raises(json.JSONDecodeError):
            client.get(PAGE)
    assert client.get(PAGE).status_code == 200


def test_expensive_measurements_run_hourly_by_housekeeping(
    client: Client, clock: time_machine.Traveller, counted: dict[str, int]
) -> None:
    for _ in range(62):
        refresh_evidence(now=timezone.now())
        client.get(PAGE)
        clock.shift(timedelta(minutes=1))
    assert (counted["not-shared"], counted["access"]) == (2, 62)


def test_when_housekeeping_has_stopped_the_page_measures_it(
    client: Client, clock: time_machine.Traveller, counted: dict[str, int]
) -> None:
    refresh_evidence(now=timezone.now())
    clock.shift(timedelta(minutes=119))
    client.get(PAGE)
    assert counted["not-shared"] == 1
    clock.shift(timedelta(minutes=2))
    client.get(PAGE)
    assert counted["not-shared"] == 2


def test_evidence_page_shows_a_stored_measurement_with_its_time(client: Client, clock: time_machine.Traveller) -> None:
    refresh_evidence(now=timezone.now())
    clock.shift(timedelta(minutes=30))
    measured = {finding.promise.id: finding for finding in findings(now=timezone.now(), max_age=timedelta(hours=1))}
    assert measured["not-shared"].measured_at == timezone.now() - timedelta(minutes=30)
    assert measured["access"].measured_at == timezone.now()
    own = Measurement.objects.get(promise="not-shared").figures
    assert measured["not-shared"].evidence.figures.items() >= own.items()
