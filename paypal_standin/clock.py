"""The stand-in's time: the real one, plus whatever a test has moved it ahead."""

from datetime import datetime, timedelta

from django.utils import timezone

from .models import Setting

AHEAD = "clock-ahead-seconds"


def now() -> datetime:
    """The current moment as every object of the stand-in sees it, in UTC."""
    return timezone.now() + timedelta(seconds=float(Setting.read(AHEAD, "0")))


def advance(seconds: float) -> None:
    """Move the clock ahead, on top of what it is ahead already."""
    Setting.write(AHEAD, str(float(Setting.read(AHEAD, "0")) + seconds))


def reset() -> None:
    """Back to the real time."""
    Setting.write(AHEAD, "0")


def stamp(moment: datetime) -> str:
    """A moment the way PayPal writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
