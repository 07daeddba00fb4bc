"""Sessions in the database. A stolen copy is useless: rows are found by a keyed hash, and their data is sealed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import models
from django.dispatch import Signal

from privacy.encryption.fields import SealedBinaryField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.expiring import is_ahead
from privacy.registry.growth import Pruned
from privacy.registry.purposes import Purpose

ANONYMOUS_LIFETIME = timedelta(days=1)  # flash messages, password links
LAST_SEEN_PRECISION = timedelta(minutes=1)  # precision of `last_seen_at`
MAX_WRONG_PASSWORDS = 5  # allowed at reauthentication before the session ends

# A user is signed out everywhere, or everywhere else: `user`. Apps of higher layers end what else opens the account.
signed_out_everywhere = Signal()


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self, now: datetime) -> SessionQuerySet:
        """Valid sessions. Excludes staff sessions without a required second factor, and sessions from the future (made
        while the clock was ahead), which would last too long."""
        live = self.filter(~is_ahead("last_seen_at", now), expires_at__gt=now)
        if settings.STAFF_SECOND_FACTOR:
            live = live.exclude(is_staff=True, second_factor=False)
        return live

    def expired(self, now: datetime) -> SessionQuerySet:
        return self.filter(models.Q(expires_at__lte=now) | is_ahead("last_seen_at", now))

    def of(self, user: models.Model) -> SessionQuerySet:
        return self.filter(user_id=user.pk)


@personal_data(
    everywhere="every page loads the signed-in user",
    label="Where you are signed in",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"browser": "type of browser", "data": "session data while you are signed in"},
    other_columns=("id user_id is_staff second_factor signed_in_at last_seen_at expires_at wrong_passwords"),
    found_by=("user__email_index",),
    retention=Retention(text="until you sign out, or have been inactive for a while"),
    erasure=Erasure.DELETE,
    source="your browser, when you sign in",
    recipients="nobody",
    withheld=frozenset({"data"}),
    growth=Pruned(since="expires_at", job="sessions ended"),
)
class Session(SealedModel):
    """One browser's session. The primary key is the keyed hash of the key in its cookie."""

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

    def idle_expiry(self, seen: datetime) -> datetime:
        """When the session expires if it is last used at `seen`."""
        return ending(seen=seen, signed_in_at=self.signed_in_at, is_staff=self.is_staff)

    def seen(self, now: datetime) -> None:
        """Updates `last_seen_at`, at most once a minute, to save writes."""
        if now - self.last_seen_at < LAST_SEEN_PRECISION:
            return
        self.last_seen_at, self.expires_at = now, self.idle_expiry(now)
        Session.objects.filter(pk=self.pk).update(last_seen_at=now, expires_at=self.expires_at)


def ending(*, seen: datetime, signed_in_at: datetime | None, is_staff: bool) -> datetime:
    """When a session expires: the earlier of idle timeout and maximum lifetime."""
    if signed_in_at is None:
        return seen + ANONYMOUS_LIFETIME
    idle, whole = lifetimes(is_staff=is_staff)
    return min(seen + idle, signed_in_at + whole)


def lifetimes(*, is_staff: bool) -> tuple[timedelta, timedelta]:
    """Idle timeout and maximum lifetime."""
    if is_staff:
        return timedelta(minutes=settings.STAFF_SESSION_IDLE_MINUTES), timedelta(hours=settings.STAFF_SESSION_HOURS)
    return timedelta(days=settings.AFFILIATE_SESSION_IDLE_DAYS), timedelta(days=settings.AFFILIATE_SESSION_DAYS)


def end_sessions(user: models.Model, *, but: UUID | None = None) -> int:
    """Ends a user's sessions, except the one with primary key `but`. Returns how many."""
    signed_out_everywhere.send(sender=Session, user=user)
    ended = Session.objects.of(user)
    return (ended.exclude(pk=but) if but else ended).delete()[0]
