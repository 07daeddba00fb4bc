"""When nobody deletes any more: nothing new is stored, the evidence is red, staff are told, sales go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate, Click
from privacy.erasure.heartbeat import record_purge
from privacy.registry.promises import PROMISES

pytestmark = [pytest.mark.exhaustive, pytest.mark.usefixtures("alice", "attacked")]


@pytest.fixture(autouse=True)
def _purged_a_moment_ago(clock: time_machine.Traveller, db: None) -> None:
    cache.clear()
    record_purge(now=timezone.now())


def test_two_hours_without_a_purge_are_too_many(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=1, minutes=59))
    client.get("/go/DEMO/")
    assert Click.objects.count() == 1
    clock.shift(timedelta(minutes=1))
    Client().get("/go/DEMO/")
    assert Click.objects.count() == 1


def test_the_cookie_goes_on_attributing(client: Client, alice: Affiliate, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=3))
    page = client.get("/go/DEMO/", follow=True)
    assert not Click._base_manager.exists()
    assert client.get("/privacy/referral/").context["request"].referral.affiliate == alice
    assert page.status_code == 200


def test_staff_are_told_once(client: Client, clock: time_machine.Traveller, work: Callable[[], int]) -> None:
    clock.shift(timedelta(hours=3))
    client.get("/go/DEMO/")
    Client().get("/go/DEMO/")
    work()
    assert [message.subject for message in mail.outbox] == ["The purge has stopped"]


def test_the_next_purge_opens_the_door_again(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=3))
    call_command("housekeeping")
    client.get("/go/DEMO/")
    assert Click.objects.count() == 1


def test_only_its_promise_turns_red(client: Client, clock: time_machine.Traveller) -> None:
    assert broken(client) == []
    clock.shift(timedelta(hours=3))
    cache.clear()
    assert broken(client) == ["referral-30-days"]
    assert "1 broken" in client.get("/privacy/evidence/").content.decode()


def broken(client: Client) -> list[str]:
    promises = client.get("/privacy/evidence.json").json()["promises"]
    assert len(promises) == len(PROMISES)
    return [promise["id"] for promise in promises if promise["kept"] is False]


def test_check_promises_names_it_and_fails(clock: time_machine.Traveller, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_promises")
    assert "is kept" in capsys.readouterr().out
    clock.shift(timedelta(hours=3))
    with pytest.raises(CommandError, match=f"1 of {len(PROMISES)} promises are broken"):
        call_command("check_promises")
    assert "referral-30-days: " in capsys.readouterr().out
