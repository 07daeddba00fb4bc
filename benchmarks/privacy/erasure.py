"""Making a day unreadable by destroying its key, for a thousand and a million clicks, compared with DELETE."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import datetime, timedelta

import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import User
from affiliates.models import REFERRAL_LIFE, Affiliate, Click
from benchmarks.timing import Ratio, seconds, sized
from privacy.encryption.models import uuid7
from privacy.keystore.day_keys import destroy_due_keys

FEW, MANY = 1_000, sized(1_000_000, 10_000)
ROUNDS = 3


def _click_all_day(affiliate: Affiliate, moment: datetime, count: int) -> None:
    clicks = (
        Click(
            affiliate=affiliate,
            cookie_digest=str(uuid7()),
            address="203.0.113.77",
            landing_path="/",
            clicked_at=moment,
            expires_at=moment + REFERRAL_LIFE,
        )
        for _ in range(count)
    )
    Click.objects.bulk_create(clicks, batch_size=5000)


def measure() -> Iterator[Ratio]:
    owner = User.objects.create_user("benchmark@example.org")
    affiliate = Affiliate.objects.create(user=owner, code="BENCH", terms_version="1")
    start = timezone.now().replace(hour=12)
    counts = [FEW, MANY] * ROUNDS
    times = [_destroy(affiliate, start + timedelta(days=day), count) for day, count in enumerate(counts)]
    few, many = statistics.median(times[::2]), statistics.median(times[1::2])
    yield Ratio(
        f"making a day unreadable, {MANY:,} clicks against {FEW:,}", many / few, 1.5, at_least=False,
        detail=f"{many * 1000:.1f} ms against {few * 1000:.1f} ms",
    )  # fmt: skip
    deleted = seconds(lambda: Click.objects.all()._raw_delete(Click.objects.db))
    print(f"{'':4}plain DELETE of {ROUNDS * (FEW + MANY):,} clicks on {connection.vendor}: {deleted:.1f} s")


def _destroy(affiliate: Affiliate, day: datetime, count: int) -> float:
    with time_machine.travel(day, tick=True):
        _click_all_day(affiliate, day, count)
    return seconds(lambda: destroy_due_keys(now=day + timedelta(days=30)))
