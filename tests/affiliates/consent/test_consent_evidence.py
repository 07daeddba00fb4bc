"""The evidence of the 30 days speaks for each consent mode, and turns red when its control is taken away."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings

from affiliates.evidence import referrals_end
from affiliates.models import Click, click, consent_mode
from affiliates.tracking import referral_cookie
from affiliates.tracking.middleware import ReferralMiddleware
from privacy.erasure.heartbeat import record_purge
from privacy.registry.promises import PROMISES

MODES = ["signal", "ask", "link"]


@pytest.fixture(autouse=True)
def _purged(db: None, clock: time_machine.Traveller) -> None:
    record_purge(now=timezone.now())


@pytest.mark.parametrize(
    ("mode", "stored"),
    [
        ("signal", "the visit and a cookie, unless the browser or the visitor refuses"),
        ("ask", "the visit and a cookie, after the visitor has said yes"),
        ("link", "nothing"),
    ],
)
def test_evidence_says_what_is_stored_in_each_mode(settings: Settings, mode: str, stored: str) -> None:
    settings.AFFILIATE_CONSENT = mode
    evidence = referrals_end(timezone.now())
    assert evidence.kept
    assert evidence.figures["stored when somebody follows a link"] == stored


@pytest.mark.parametrize("mode", ["ask", "link"])
@pytest.mark.parametrize("control", [click, referral_cookie])
def test_evidence_is_red_when_a_control_is_taken_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, mode: str, control: Any
) -> None:
    settings.AFFILIATE_CONSENT = mode
    assert referrals_end(timezone.now()).kept
    monkeypatch.setattr(control, "require_consent", lambda *, agreed: None)
    evidence = referrals_end(timezone.now())
    assert not evidence.kept
    assert evidence.figures["code that stores it without that is refused"] == "no"
    assert not Click._base_manager.exists()  # trying leaves nothing behind


def test_evidence_is_red_without_a_purge_in_signal_mode(clock: time_machine.Traveller) -> None:
    assert referrals_end(timezone.now()).kept
    clock.shift(3 * 60 * 60)
    assert not referrals_end(timezone.now()).kept


def test_promise_has_a_sentence_for_each_mode(settings: Settings) -> None:
    promise = next(one for one in PROMISES if one.id == "referral-30-days")
    told = set()
    for mode in MODES:
        settings.AFFILIATE_CONSENT = mode
        told.add((str(promise.sentence), str(promise.control)))
    assert str(pickle.loads(pickle.dumps(promise)).sentence) == str(promise.sentence)  # as the cache keeps it
    assert len({sentence for sentence, _ in told}) == len({control for _, control in told}) == 3


def test_unknown_mode_stops_the_start(settings: Settings) -> None:
    settings.AFFILIATE_CONSENT = "maybe"
    with pytest.raises(ImproperlyConfigured, match="AFFILIATE_CONSENT must be one of: signal, ask, link"):
        ReferralMiddleware(lambda request: HttpResponse())
    with pytest.raises(ValueError, match="maybe"):
        consent_mode()
