"""The stand-in's clock: real time plus an offset set by tests."""

from datetime import datetime, timedelta

from django.utils import timezone

from .models import Setting

AHEAD = "clock-ahead-seconds"


def now() -> datetime:
    """The stand-in's current time, in UTC."""
    return timezone.now() + timedelta(seconds=float(Setting.read(AHEAD, "0")))


def advance(seconds: float) -> None:
    """Move the clock ahead by `seconds` more."""
    Setting.write(AHEAD, str(float(Setting.read(AHEAD, "0")) + seconds))


def reset() -> None:
    """Back to the real time."""
    Setting.write(AHEAD, "0")


def stamp(moment: datetime) -> str:
    """A time in PayPal's format."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
