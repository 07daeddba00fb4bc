"""From a promise to the attempt that was made against it last night: the page, its JSON and `check_promises`."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from privacy.evidence import attack_history, measurement
from privacy.evidence.measurement import Evidence
from privacy.evidence.rehearsal.report import FoundBreach
from privacy.evidence.snapshot import take_snapshot
from privacy.models.attack import AttackKind
from privacy.registry.promises import PROMISES
from tests import factories

pytestmark = pytest.mark.usefixtures("only_attacks", "attacked")
PAGE, JSON = "/privacy/evidence/", "/privacy/evidence.json"
PLACE = "contacts_inquiry.message in the log"
PROBES = defaultdict(Counter, {"encrypted": Counter({"privacy.probes.stores.no_file_holds_a_message": 1402})})


@pytest.fixture(autouse=True)
def only_attacks(monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller) -> None:
    """All that is measured is kept: what breaks a promise here are attacks."""
    cache.clear()
    monkeypatch.setattr(
        measurement,
        "_measures",
        {promise.id: lambda now: Evidence(kept=True, figures={"rows": 3}) for promise in PROMISES},
    )


def attack(clock: time_machine.Traveller, *breaches: FoundBreach, **fields: Any) -> None:
    """An hour later the site is attacked again."""
    clock.shift(timedelta(hours=1))
    factories.attempt(breaches={*breaches}, **fields)


def page(client: Client) -> Any:
    return BeautifulSoup(client.get(PAGE).content, "html.parser")


def words(element: Any) -> str:
    return " ".join(element.get_text(" ").split())


def row(client: Client, promise: str) -> str:
    return words(page(client).select_one(f"details:has(#{promise})"))


def document(client: Client, promise: str) -> Any:
    return next(each for each in client.get(JSON).json()["promises"] if each["id"] == promise)


# --- What was tried ---------------------------------------------------------------------------------------------------
def test_the_summary_says_when_outsiders_last_tried_and_how_much(client: Client) -> None:
    summary = words(page(client).select_one("section[aria-label=Summary]"))
    assert "Last attacked on March 2, 2026, 12:00 UTC" in summary
    assert "Entry points 100 Attempts 57 Searches 57 Found 0" in summary
    [rehearsal, _] = client.get(JSON).json()["attacks"]
    assert (rehearsal["kind"], rehearsal["began_at"]) == ("rehearsal", "2026-03-02T12:00:00+00:00")
    assert (rehearsal["ways_in"], rehearsal["attempts"], rehearsal["searches"]) == (100, 57, 57)


def test_a_row_names_each_probe_with_its_count(client: Client, clock: time_machine.Traveller) -> None:
    attack(clock, probes=PROBES)
    assert "No file holds a message privacy.probes.stores 1,402" in row(client, "encrypted")
    assert "No file holds a message" not in row(client, "access")
    assert document(client, "encrypted")["attacked"]["tried"] == [
        {"kind": "rehearsal", "probe": "privacy.probes.stores.no_file_holds_a_message", "count": 1402}
    ]


def test_evidence_page_lists_what_the_sweep_did_not_reach(client: Client, clock: time_machine.Traveller) -> None:
    attack(clock, unreached=["the backups: no folder is named"])
    assert "The backups: no folder is named" in words(page(client).select_one("section:has(#limits)"))
    assert client.get(JSON).json()["attacks"][0]["not_reached"] == ["the backups: no folder is named"]


# --- What was found ---------------------------------------------------------------------------------------------------
def test_evidence_page_shows_a_breach_with_its_place_and_date(client: Client, clock: time_machine.Traveller) -> None:
    attack(clock, FoundBreach("encrypted", PLACE))
    attack(clock, FoundBreach("encrypted", PLACE))
    assert "Found 1 since Mar 2, 2026" in words(page(client).select_one("section[aria-label=Summary]"))
    found = row(client, "encrypted")
    assert found.startswith("Broken Everything private is encrypted")
    assert f"Found: {PLACE} (since March 2, 2026, 13:00 UTC, last seen March 2, 2026, 14:00 UTC)" in found
    broken = document(client, "encrypted")
    assert broken["state"] == "broken"
    assert broken["attacked"]["found"] == [
        {
            "kind": "rehearsal",
            "place": PLACE,
            "tried": True,
            "found_at": "2026-03-02T13:00:00+00:00",
            "last_found_at": "2026-03-02T14:00:00+00:00",
            "ended_at": None,
        }
    ]
    assert [each["id"] for each in client.get(JSON).json()["promises"] if not each["kept"]] == ["encrypted"]


def test_closed_breach_stays_in_the_history(client: Client, clock: time_machine.Traveller) -> None:
    attack(clock, FoundBreach("encrypted", PLACE))
    attack(clock)
    assert f"Found from March 2, 2026, 13:00 to March 2, 2026, 14:00 UTC: {PLACE}" in row(client, "encrypted")
    assert document(client, "encrypted")["state"] == "kept"
    [earlier] = document(client, "encrypted")["attacked"]["found_earlier"]
    assert earlier["ended_at"] == "2026-03-02T14:00:00+00:00"


def test_evidence_page_marks_a_failed_probe_as_broken(client: Client, clock: time_machine.Traveller) -> None:
    attack(clock, FoundBreach("access", "the mail folder can't be read", tried=False))
    assert "Could not be tried: the mail folder can't be read" in row(client, "access")
    assert row(client, "access").startswith("Broken")
    assert client.get(JSON).json()["attacks"][0]["places_not_tried"] == 1


def test_an_attack_that_failed_is_told(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=1))
    attack_history.fail(
        attack_history.begin(AttackKind.REHEARSAL, now=timezone.now()), "it took too long", now=timezone.now()
    )
    summary = words(page(client).select_one("section[aria-label=Summary]"))
    assert f"0 of {len(PROMISES)} promises are kept, {len(PROMISES)} broken" in summary
    assert "The last one failed: it took too long." in summary
    assert client.get(JSON).json()["attacks"][0]["last"]["state"] == "failed"


def test_an_attack_that_is_too_old_is_told(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=37))
    summary = words(page(client).select_one("section[aria-label=Summary]"))
    assert "The last completed one began more than 36 hours ago." in summary
    assert "19 broken" in summary


def test_one_that_is_under_way_is_told(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=1))
    attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    assert "In progress since 13:00 UTC." in words(page(client).select_one("section[aria-label=Summary]"))


def test_evidence_page_survives_unreadable_attack_results(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "attacked", lambda now: 1 / 0)
    assert "The record of attempts can't be read." in row(client, "access")
    assert document(client, "access")["attacked"] is None
    assert document(client, "access")["state"] == "broken"


def test_the_page_costs_the_same_however_much_was_found(clock: time_machine.Traveller) -> None:
    counted = []
    for places in (1, 40):
        attack(clock, *(FoundBreach("encrypted", f"{PLACE} {number}") for number in range(places)), probes=PROBES)
        attack(clock, *(FoundBreach("access", f"{PLACE} {number}") for number in range(places)), probes=PROBES)
        take_snapshot(now=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            take_snapshot(now=timezone.now())
        counted.append(len(queries))
    assert counted[0] == counted[1]


# --- check_promises ---------------------------------------------------------------------------------------------------
def test_check_promises_says_the_age_and_the_result_of_the_last_attack(
    clock: time_machine.Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.shift(timedelta(hours=7))
    call_command("check_promises")
    assert (
        "rehearsal: last completed one started 7 hours ago (2026-03-02 12:00 UTC), entry points: 100, attempts: 57, "
        "searches: 57, places found: 0, places not tried: 0\n" in capsys.readouterr().out
    )


def test_check_promises_fails_for_what_an_attack_found(
    clock: time_machine.Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    attack(clock, FoundBreach("encrypted", PLACE))
    with pytest.raises(CommandError, match=f"1 of {len(PROMISES)} promises are broken"):
        call_command("check_promises")
    out = capsys.readouterr().out
    assert "places found: 1" in out
    assert f"found: {PLACE}: since March 2, 2026, 13:00 UTC" in out


def test_check_promises_fails_for_an_attack_that_is_too_old(
    clock: time_machine.Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.shift(timedelta(hours=37))
    with pytest.raises(CommandError):
        call_command("check_promises")
    assert "the last completed one began more than 36 hours ago" in capsys.readouterr().out


@pytest.mark.parametrize("kind", AttackKind)
def test_check_promises_fails_for_an_attack_that_failed(
    kind: AttackKind, clock: time_machine.Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.shift(timedelta(hours=1))
    attack_history.fail(attack_history.begin(kind, now=timezone.now()), "it crashed", now=timezone.now())
    with pytest.raises(CommandError):
        call_command("check_promises")
    assert "the last one failed: it crashed" in capsys.readouterr().out
