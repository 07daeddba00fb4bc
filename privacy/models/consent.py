"""What is kept about reaching people: who does not want it, where mail comes back, how much was sent and refused."""

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
from privacy.registry.purposes import Channel, Purpose, Refusal

if TYPE_CHECKING:
    from privacy.encryption.blind_index import BlindIndex


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody, by the contact points that are known. Each may be its fingerprint instead."""

    email: str | None = None
    phone: str | None = None
    address: str | None = None

    def given(self) -> dict[str, str]:
        """Contact points there are, by the name of their blind index."""
        points = {"email_index": self.email, "phone_index": self.phone, "address_index": self.address}
        return {index: point for index, point in points.items() if point}

    def indexes(self) -> set[BlindIndex]:
        """The same as an opt-out stores them, under every key in the ring."""
        fields: dict[str, Any] = {index: Suppression._meta.get_field(index) for index in self.given()}
        return {found for index, point in self.given().items() for found in fields[index].candidates(point)}

    @property
    def former_fingerprint(self) -> str | None:
        """The fingerprint of the address's former normal form, where that is another one."""
        former = former_email_fingerprint(self.email) if self.email else None
        return former if self.email and former != email_fingerprint(self.email) else None

    def former_indexes(self) -> set[BlindIndex]:
        field: Any = Suppression._meta.get_field("email_index")
        return set(field.candidates(self.former_fingerprint)) if self.former_fingerprint else set()


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def of(self, *people: Person) -> SuppressionQuerySet:
        """The opt-outs of these people, by whichever contact point they were recorded. One from before ADR 24 holds for
        everybody whose address had its normal form then: which of them asked can't be told."""
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
    everywhere="whatever is sent or called asks here first whether it may",
    label="Do-not-contact entries",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={
        "fingerprint": "a sealed fingerprint of your address",
        "phone_fingerprint": "a sealed fingerprint of your telephone number",
        "address_fingerprint": "a sealed fingerprint of your postal address",
    },
    other_columns="id email_index phone_index address_index channel purpose source recorded_by_id created_at"
    " normal_form",
    found_by=("email_index",),
    retention=Retention(text="until you ask to be contacted again"),
    erasure=Erasure.KEEP,
    kept_because="without it, this site could write to you again",
    source="your wish, or your deletion",
    recipients="nobody",
)
class Suppression(SealedModel):
    """A person who asked not to be contacted through one channel, for one purpose or (empty) any. It holds no address:
    the person is known by the fingerprint of one contact point, an e-mail address, a telephone number or a postal one.
    """

    class Source(models.TextChoices):
        LINK = "link", "the link in a mail"
        PAGE = "page", "the page of choices"
        REQUEST = "request", "a privacy request"
        ERASURE = "erasure", "a deletion"
        CALL = "call", "a call"
        LETTER = "letter", "a letter"
        MAIL = "mail", "an e-mail"

    fingerprint = FingerprintField(null=True)
    email_index = BlindIndexField("fingerprint", normalize="email_fingerprint", null=True)
    phone_fingerprint = FingerprintField(of="phone", null=True)
    phone_index = BlindIndexField("phone_fingerprint", normalize="phone_fingerprint", null=True)
    address_fingerprint = FingerprintField(of="address", null=True)
    address_index = BlindIndexField("address_fingerprint", normalize="address_fingerprint", null=True)
    channel = models.CharField(max_length=10, choices=Channel)
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True, default="")
    source = models.CharField("came by", max_length=10, choices=Source, default=Source.REQUEST)
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
        """The same as `of` and `closing` of the queryset. What was given after the opt-out is not closed by it."""
        wanted = self.channel == channel and self.purpose in ("", purpose)
        by = {self.email_index, self.phone_index, self.address_index} & person.indexes() if wanted else set()
        if wanted and self.normal_form == NormalForm.FORMER:
            by |= {self.email_index} & person.former_indexes()
        return bool(by) and (given_at is None or self.created_at >= given_at)


@personal_data(
    everywhere="whatever is sent or called asks here first whether it may",
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
    """An address whose mail server said that it takes no mail, for good. It holds no address; no mail goes there until
    staff lift it."""

    LIFE = timedelta(days=365)

    fingerprint = FingerprintField()
    email_index = BlindIndexField("fingerprint", normalize="email_fingerprint", unique=True)
    code = models.CharField("what its server said", max_length=20)  # "550 5.1.1", never its words: they name people
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
    """Somebody typed an address to get the link to its choices: the reason of the mail that brings it."""

    email = SealedEmailField()
    email_index = BlindIndexField("email", normalize="email")
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    link_mailed_at = models.DateTimeField(null=True)  # None: a limit on mails was reached


@not_personal("how many mails of a kind were sent or refused on a day", "id day kind purpose outcome because count")
class MailTally(models.Model):
    """Counts alone: they stay when the mails themselves are gone."""

    class Outcome(models.TextChoices):
        SENT = "sent", "sent"
        REFUSED = "refused", "refused"
        FAILED = "failed", "given up"
        BOUNCED = "bounced", "came back"

    id = UUID7Field(primary_key=True)
    day = models.DateField()
    kind = models.CharField(max_length=60)
    purpose = models.CharField(max_length=20, choices=Purpose)
    outcome = models.CharField(max_length=10, choices=Outcome)
    because = models.CharField(max_length=20, choices=Refusal, blank=True, default="")
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-day", "kind"]
        verbose_name = "mails of a day"
        verbose_name_plural = "mails per day"
        constraints = [
            models.UniqueConstraint(fields=["day", "kind", "outcome", "because"], name="one_tally_a_day_and_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.day}"


def count_mail(*, kind: str, purpose: str, outcome: str, because: str = "", day: date) -> None:
    """Adds one to the day's count."""
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
    """Mails with this outcome from that day on: by purpose, or for refused ones by reason."""
    by = "because" if outcome == MailTally.Outcome.REFUSED else "purpose"
    lines: Iterable[tuple[str, int]] = (
        MailTally.objects.filter(outcome=outcome, day__gte=since)
        .values_list(by)
        .annotate(total=models.Sum("count"))
        .order_by(by)
    )
    return dict(lines)
