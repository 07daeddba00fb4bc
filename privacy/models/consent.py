"""Models about contacting people: opt-outs, undeliverable addresses, preferences-link requests, mail statistics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField
from privacy.encryption.fingerprints import FingerprintField, NormalForm, normal_form_field
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.encryption.normalization import email_fingerprint, former_email_fingerprint
from privacy.registry.declarations import Erasure, Retention, not_personal, personal_data
from privacy.registry.growth import Kept, Pruned
from privacy.registry.purposes import Channel, Purpose, Refusal

if TYPE_CHECKING:
    from privacy.encryption.blind_index import BlindIndex


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person, by their known contact points. Each may be given as its fingerprint instead."""

    email: str | None = None
    phone: str | None = None
    address: str | None = None

    def given(self) -> dict[str, str]:
        """The given contact points, by the name of their blind index."""
        points = {"email_index": self.email, "phone_index": self.phone, "address_index": self.address}
        return {index: point for index, point in points.items() if point}

    def indexes(self) -> set[BlindIndex]:
        """The contact points' blind indexes as stored in opt-outs, with every key in the ring."""
        fields: dict[str, Any] = {index: Suppression._meta.get_field(index) for index in self.given()}
        return {found for index, point in self.given().items() for found in fields[index].candidates(point)}

    @property
    def former_fingerprint(self) -> str | None:
        """The fingerprint of the address's former normal form, if different."""
        former = former_email_fingerprint(self.email) if self.email else None
        return former if self.email and former != email_fingerprint(self.email) else None

    def former_indexes(self) -> set[BlindIndex]:
        field: Any = Suppression._meta.get_field("email_index")
        return set(field.candidates(self.former_fingerprint)) if self.former_fingerprint else set()


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def of(self, *people: Person) -> SuppressionQuerySet:
        """Opt-outs of these people, recorded for any of their contact points. One from before ADR 24 applies to
        everyone whose address had the same normal form then, because it's unknown which of them opted out."""
        found = Q(pk__in=[])
        for index in ("email_index", "phone_index", "address_index"):
            if points := [person.given()[index] for person in people if index in person.given()]:
                found |= Q(**{f"{index}__in": points})
        if former := [person.former_fingerprint for person in people if person.former_fingerprint]:
            found |= Q(email_index__in=former, normal_form=NormalForm.FORMER)
        return self.filter(found)

    def closing(self, channel: str, purpose: str) -> SuppressionQuerySet:
        return self.filter(channel=channel, purpose__in=["", purpose])


@personal_data(
    everywhere="checked before every mail, call and letter",
    label="Do-not-contact entries",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={
        "fingerprint": "a sealed fingerprint of your address",
        "phone_fingerprint": "a sealed fingerprint of your phone number",
        "address_fingerprint": "a sealed fingerprint of your postal address",
    },
    other_columns="id email_index phone_index address_index channel purpose source recorded_by_id created_at"
    " normal_form",
    found_by=("email_index",),
    retention=Retention(text="until you ask to be contacted again"),
    erasure=Erasure.KEEP,
    kept_because="without it, this site could contact you again",
    source="your opt-out, or your deletion",
    recipients="nobody",
    growth=Kept("without it, this site could contact the person again"),
)
class Suppression(SealedModel):
    """An opt-out of one channel, for one purpose or (if empty) all. Contains no address: the person is identified by
    the fingerprint of one contact point: an email address, a phone number or a postal address.
    """

    class Source(models.TextChoices):
        LINK = "link", "unsubscribe link"
        PAGE = "page", "preferences page"
        REQUEST = "request", "privacy request"
        ERASURE = "erasure", "deletion"
        CALL = "call", "phone call"
        LETTER = "letter", "letter"
        MAIL = "mail", "email"

    fingerprint = FingerprintField(null=True)
    email_index = BlindIndexField("fingerprint", normalize="email_fingerprint", null=True)
    phone_fingerprint = FingerprintField(of="phone", null=True)
    phone_index = BlindIndexField("phone_fingerprint", normalize="phone_fingerprint", null=True)
    address_fingerprint = FingerprintField(of="address", null=True)
    address_index = BlindIndexField("address_fingerprint", normalize="address_fingerprint", null=True)
    channel = models.CharField(max_length=10, choices=Channel)
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True, default="")
    source = models.CharField("received by", max_length=10, choices=Source, default=Source.REQUEST)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField("since", default=timezone.now)
    normal_form = normal_form_field()

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "opt-out"
        constraints = [
            *(
                models.UniqueConstraint(fields=[f"{point}_index", "channel", "purpose"], name=f"one_opt_out_by_{point}")
                for point in ("email", "phone", "address")
            ),
            models.CheckConstraint(
                condition=Q(email_index__isnull=False, phone_index__isnull=True, address_index__isnull=True)
                | Q(email_index__isnull=True, phone_index__isnull=False, address_index__isnull=True)
                | Q(email_index__isnull=True, phone_index__isnull=True, address_index__isnull=False),
                name="an_opt_out_has_one_contact_point",
            ),
        ]

    def closes(self, person: Person, channel: str, purpose: str, given_at: datetime | None) -> bool:
        """In-memory equivalent of the queryset's `of` and `closing`. Contact points given after the opt-out stay
        open."""
        wanted = self.channel == channel and self.purpose in ("", purpose)
        by = {self.email_index, self.phone_index, self.address_index} & person.indexes() if wanted else set()
        if wanted and self.normal_form == NormalForm.FORMER:
            by |= {self.email_index} & person.former_indexes()
        return bool(by) and (given_at is None or self.created_at >= given_at)


@personal_data(
    everywhere="checked before every mail, call and letter",
    label="Bounced email",
    purpose=Purpose.LEGAL_OBLIGATION,
    columns={"fingerprint": "a sealed fingerprint of your address"},
    other_columns="id email_index code noticed_at",
    found_by=("email_index",),
    retention=Retention(text="a year, then the address is tried again", since="noticed_at", days=365),
    erasure=Erasure.DELETE,
    source="the mail server of your address",
    recipients="nobody",
)
class UndeliverableAddress(SealedModel):
    """An address with a hard bounce. Stored as a fingerprint; gets no mail until staff reactivate it."""

    LIFE = timedelta(days=365)

    fingerprint = FingerprintField()
    email_index = BlindIndexField("fingerprint", normalize="email_fingerprint", unique=True)
    code = models.CharField("server reply", max_length=20)  # "550 5.1.1", never the text, which may name people
    noticed_at = models.DateTimeField("since", default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-noticed_at"]
        verbose_name = "undeliverable address"
        verbose_name_plural = "undeliverable addresses"


@personal_data(
    label="Requests for your preferences link",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={"email": "address"},
    other_columns="id email_index asked_at link_mailed_at",
    found_by=("email_index",),
    retention=Retention(text="a day", since="asked_at", days=1),
    erasure=Erasure.DELETE,
    unlisted=frozenset({"link_mailed_at"}),
    source="the page that sends the link",
    recipients="nobody",
)
class ChoicesRequest(SealedModel):
    """A request for a preferences link for a typed address; the reason for the mail with the link."""

    email = SealedEmailField()
    email_index = BlindIndexField("email", normalize="email")
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    link_mailed_at = models.DateTimeField(null=True)  # None while a rate limit delays it


@not_personal(
    "how many mails of a kind were sent or refused on a day",
    "id day kind purpose outcome because count",
    growth=Pruned(since="day", days=730, why="to compare a month with that of the year before"),
)
class MailTally(models.Model):
    """Counts of mails per day, kept after the mails themselves are deleted."""

    class Outcome(models.TextChoices):
        SENT = "sent", "sent"
        REFUSED = "refused", "refused"
        FAILED = "failed", "failed"
        BOUNCED = "bounced", "bounced"
        SHIPPED = "shipped", "written with the shipped text, because an edited one failed"

    id = UUID7Field(primary_key=True)
    day = models.DateField()
    kind = models.CharField(max_length=60)
    purpose = models.CharField(max_length=20, choices=Purpose)
    outcome = models.CharField(max_length=10, choices=Outcome)
    because = models.CharField(max_length=20, choices=Refusal, blank=True, default="")
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-day", "kind"]
        verbose_name = "daily mail count"
        verbose_name_plural = "daily mail counts"
        constraints = [
            models.UniqueConstraint(fields=["day", "kind", "outcome", "because"], name="one_tally_a_day_and_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.day}"


def count_mail(*, kind: str, purpose: str, outcome: str, because: str = "", day: date) -> None:
    """Increments the day's count."""
    line: dict[str, date | str] = {"day": day, "kind": kind, "outcome": outcome, "because": because}
    if _add_one(line):
        return
    try:
        with transaction.atomic():
            MailTally(purpose=purpose, **line).save(force_insert=True)
    except IntegrityError:  # another worker was first
        _add_one(line)


def _add_one(line: dict[str, date | str]) -> int:
    return MailTally.objects.filter(**line).update(count=F("count") + 1)


def tally(*, outcome: str, since: date) -> dict[str, int]:
    """Number of mails with this outcome since that day, by purpose; refused ones by reason."""
    by = "because" if outcome == MailTally.Outcome.REFUSED else "purpose"
    lines: Iterable[tuple[str, int]] = (
        MailTally.objects.filter(outcome=outcome, day__gte=since)
        .values_list(by)
        .annotate(total=models.Sum("count"))
        .order_by(by)
    )
    return dict(lines)
