"""Sessions in the database. A copy opens nothing: rows are found by a keyed digest, and what they hold is sealed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import models

from privacy.encryption.fields import SealedBinaryField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.expiring import is_ahead
from privacy.registry.purposes import Purpose

ANONYMOUS_LIFETIME = timedelta(days=1)  # a message for the next page, the way through a password link
SEEN_EVERY = timedelta(minutes=1)  # how exactly `last_seen_at` is kept
WRONG_PASSWORDS = 5  # typed again within a session; then it ends


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self, now: datetime) -> SessionQuerySet:
        """Those that still open something. A staff session without a second factor does not where one is required; nor
        does one that a clock ahead of time began, which would last as much longer."""
        live = self.filter(~is_ahead("last_seen_at", now), expires_at__gt=now)
        if settings.STAFF_SECOND_FACTOR:
            live = live.exclude(is_staff=True, second_factor=False)
        return live

    def expired(self, now: datetime) -> SessionQuerySet:
        return self.filter(models.Q(expires_at__lte=now) | is_ahead("last_seen_at", now))

    def of(self, user: models.Model) -> SessionQuerySet:
        return self.filter(user_id=user.pk)


@personal_data(
    everywhere="every page looks who is signed in",
    label="Where you are signed in",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"browser": "kind of browser", "data": "what the site remembers while you are signed in"},
    other_columns=("id user_id is_staff second_factor signed_in_at last_seen_at expires_at wrong_passwords"),
    found_by=("user__email_index",),
    retention=Retention(text="until you sign out, or have not been here for a while"),
    erasure=Erasure.DELETE,
    source="your browser, when you sign in",
    recipients="nobody",
    withheld=frozenset({"data"}),
)
class Session(SealedModel):
    """One browser's session. The primary key is the keyed digest of the key in its cookie."""

    data = SealedBinaryField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="sessions", editable=False
    )
    browser = SealedTextField(max_length=60, null=True)
    is_staff = models.BooleanField(default=False)
    second_factor = models.BooleanField("with a second factor", default=False)
    signed_in_at = models.DateTimeField("signed in", null=True)
    last_seen_at = models.DateTimeField("last seen")
    expires_at = models.DateTimeField("ends", db_index=True)
    wrong_passwords = models.PositiveSmallIntegerField("wrong passwords in a row", default=0)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = "session"

    def end_if_idle_from(self, seen: datetime) -> datetime:
        """When it ends, if it is used at `seen` for the last time."""
        return ending(seen=seen, signed_in_at=self.signed_in_at, is_staff=self.is_staff)

    def seen(self, now: datetime) -> None:
        """Writes at most once a minute, so that reading pages does not write."""
        if now - self.last_seen_at < SEEN_EVERY:
            return
        self.last_seen_at, self.expires_at = now, self.end_if_idle_from(now)
        Session.objects.filter(pk=self.pk).update(last_seen_at=now, expires_at=self.expires_at)


def ending(*, seen: datetime, signed_in_at: datetime | None, is_staff: bool) -> datetime:
    """The earlier of the two ends: unused for a while, or signed in for too long."""
    if signed_in_at is None:
        return seen + ANONYMOUS_LIFETIME
    idle, whole = lifetimes(is_staff=is_staff)
    return min(seen + idle, signed_in_at + whole)


def lifetimes(*, is_staff: bool) -> tuple[timedelta, timedelta]:
    """How long a session lasts unused, and in all."""
    if is_staff:
        return timedelta(minutes=settings.STAFF_SESSION_IDLE_MINUTES), timedelta(hours=settings.STAFF_SESSION_HOURS)
    return timedelta(days=settings.AFFILIATE_SESSION_IDLE_DAYS), timedelta(days=settings.AFFILIATE_SESSION_DAYS)


def end_sessions(user: models.Model, *, but: UUID | None = None) -> int:
    """Ends the sessions of a person, but the one with this primary key. Returns how many."""
    ended = Session.objects.of(user)
    return (ended.exclude(pk=but) if but else ended).delete()[0]
