"""Days that pass while the site runs."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.utils import timezone

from privacy.keystore.clock import beat


def days_pass(clock: time_machine.Traveller, shift: timedelta) -> None:
    """Housekeeping ran every minute meanwhile, so that it believes the clock; what it did is left out. A clock that is
    only shifted by more than a day is one that jumped."""
    clock.shift(shift)
    beat(now=timezone.now())
