"""Quotes: lines with amounts, a day until which the offer stands, and the installments in which it is paid.

One row is one version. A version that was sent never changes again: the database refuses it. Amounts are integers in
minor units (cents for USD) and include the tax, as the shop's prices do.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from contacts.models import Inquiry, Service
from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedCharField, ComputedDateTimeField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.encryption.readable_codes import SYMBOLS, random_code
from privacy.encryption.tokens import SealedTokenField, generate_token
from privacy.registry.deadlines import local_day
from privacy.registry.declarations import Erasure, Retention, Use, personal_data
from privacy.registry.purposes import Audience, Purpose
from shop.models import ShopTerms
from shop.money import Money, program_currency
from shop.money_fields import BigMinorUnitsField

KEPT = timedelta(days=730)  # a quote that wasn't accepted
KEPT_ACCEPTED = timedelta(days=7 * 365)  # as the orders that an accepted quote makes
AMOUNTS_STAY = "an accepted quote is part of the tax records: amounts and dates stay, without the client's identity"
QUOTE_REFERENCE = re.compile(rf"QT-[{SYMBOLS}]{{6}}")


def new_quote_reference() -> str:
    return "QT-" + random_code(6)


def kept_until() -> datetime:
    return timezone.now() + KEPT


class QuoteQuerySet(models.QuerySet["Quote"]):
    def live(self, now: datetime) -> QuoteQuerySet:
        """Unexpired rows, whether or not the purge has run."""
        return self.filter(keep_until__gt=now)

    def sent(self) -> QuoteQuerySet:
        """Quotes whose client has them and hasn't decided. Those past their last day are included."""
        return self.filter(state__in=Quote.SENT_STATES)

    def open(self, now: datetime) -> QuoteQuerySet:
        """The same as `Quote.is_open`."""
        return self.sent().filter(valid_until__gte=local_day(now), name__isnull=False)

    def lapsed(self, now: datetime) -> QuoteQuerySet:
        """Sent quotes whose last day is over."""
        return self.sent().filter(valid_until__lt=local_day(now))

    def newest_versions(self) -> QuoteQuerySet:
        """One row of each quote: its latest version, so that no sum counts a quote twice."""
        later = Quote._base_manager.filter(
            reference=models.OuterRef("reference"), version__gt=models.OuterRef("version")
        )
        return self.exclude(models.Exists(later))


class LiveQuotes(models.Manager.from_queryset(QuoteQuerySet)):  # type: ignore[misc]
    """Hides rows whose retention has ended. The purge uses `_base_manager`, which includes them."""

    def get_queryset(self) -> Any:
        return super().get_queryset().live(timezone.now())


@personal_data(
    label="Your quotes",
    purpose=Purpose.QUOTE,
    also_for=(Purpose.ORDER,),
    columns={
        "name": "name",
        "company": "company",
        "email": "email address",
        "address": "postal address",
        "title": "what the quote is for",
        "text": "our words about it",
        "decided_name": "name of who accepted or declined",
        "decline_reason": "why it was declined",
    },
    other_columns=(
        "id inquiry_id author_id service_id reference version email_index state currency total_minor tax_name"
        " tax_percent valid_until asked_at created_at sent_at viewed_at decided_at recorded_by_id"
        " signed_on reminders reminded_at link_token link_index keep_until"
    ),
    found_by=("email_index",),
    retention=Retention(
        text="2 years after we wrote it; 7 years after you accepted it, as tax law requires", since="keep_until"
    ),
    erasure=Erasure.REDACT,
    expiry=Erasure.DELETE,
    kept_because=AMOUNTS_STAY,
    redacted={"link_token": generate_token},  # nobody has the new one
    asked_when={
        "company": "if you give it",
        "address": "if you give it",
        "decided_name": "when you accept or decline",
        "decline_reason": "if you want to give one",
    },
    circumstances={
        "viewed_at": "when the link was first opened",
        "decided_at": "when you accepted or declined",
        "signed_on": "date of a signed letter",
        "keep_until": "kept until",
    },
    correctable={"name": "name", "company": "organization", "address": "street-address"},
    source="your message, our staff, and the page of the quote",
    recipients="you",
    uses=(
        Use(
            purpose=Purpose.QUOTE_REMINDERS,
            audience=Audience.PERSON,
            told="we remind you of a quote before it expires, until you answer it or stop the reminders",
        ),
    ),
)
class Quote(SealedModel):
    """One version of a quote. `email` is the address that the client gave with the inquiry."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SENT = "sent", "sent"
        VIEWED = "viewed", "opened"
        ACCEPTED = "accepted", "accepted"
        DECLINED = "declined", "declined"
        EXPIRED = "expired", "expired"
        WITHDRAWN = "withdrawn", "withdrawn"
        REPLACED = "replaced", "replaced by a newer version"

    SENT_STATES = (State.SENT, State.VIEWED)  # the client has it and hasn't decided
    REVOKED = (State.DRAFT, State.WITHDRAWN, State.REPLACED)  # its link shows nothing

    inquiry = models.ForeignKey(Inquiry, on_delete=models.SET_NULL, null=True, related_name="quotes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    reference = ComputedCharField(max_length=9, default=new_quote_reference, editable=False)
    version = models.PositiveSmallIntegerField(default=1, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    name = SealedTextField(max_length=150, null=True)
    company = SealedTextField(max_length=400, null=True, blank=True)
    email = SealedEmailField("email address", null=True, blank=True)
    email_index = BlindIndexField("email", normalize="email", null=True)
    address = SealedTextField("postal address", max_length=400, null=True, blank=True)
    title = SealedTextField("what it is for", max_length=150, null=True)
    text = SealedTextField("in words", max_length=10_000, null=True, blank=True)
    currency = ComputedCharField(max_length=3, default=program_currency, editable=False)
    total_minor = BigMinorUnitsField("total", default=0, editable=False)
    # The tax that the amounts include; fixed when the quote is sent.
    tax_name = models.CharField(max_length=20, blank=True, editable=False)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0), editable=False)
    valid_until = models.DateField(help_text="The last day on which it can be accepted.")
    terms = models.ManyToManyField(ShopTerms, through="clients.QuoteTerms", related_name="+")
    asked_at = models.DateTimeField(editable=False)  # when the client asked, and gave the address
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    viewed_at = models.DateTimeField(null=True, editable=False)
    decided_at = models.DateTimeField(
        null=True, editable=False
    )  # when it was accepted, declined, withdrawn, or expired
    decided_name = SealedTextField("name", max_length=150, null=True, editable=False)
    decline_reason = SealedTextField("reason", max_length=2000, null=True, editable=False)
    # The colleague who recorded the decision of a letter or a call; None if the client decided on the page.
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    signed_on = models.DateField(null=True, editable=False)  # the date of the letter that accepts it
    reminders = models.PositiveSmallIntegerField("reminders sent", default=0, editable=False)
    reminded_at = models.DateTimeField(null=True, editable=False)
    # The page's credential; sealed, because reminders repeat the link (ADR 26).
    link_token = SealedTokenField()
    link_index = BlindIndexField("link_token", unique=True)
    keep_until = ComputedDateTimeField(default=kept_until, db_index=True, editable=False)

    objects = LiveQuotes()

    database_triggers = ("no_replace", "no_update")

    class Meta:
        ordering = ["-created_at", "-version"]
        permissions = [("send_quote", "Can send and withdraw quotes")]
        indexes = [models.Index(fields=["state", "valid_until"], name="clients_quotes_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["reference", "version"], name="clients_quote_versions_numbered_once"),
            models.UniqueConstraint(
                fields=["reference"], condition=Q(state="draft"), name="clients_one_draft_of_a_quote"
            ),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(state__in=["sent", "viewed", "accepted"]),
                name="clients_one_offer_of_a_quote",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", sent_at__isnull=True) | ~Q(state="draft") & Q(sent_at__isnull=False),
                name="clients_quote_sent_date_required",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "sent", "viewed"], decided_at__isnull=True)
                | ~Q(state__in=["draft", "sent", "viewed"]) & Q(decided_at__isnull=False),
                name="clients_quote_decision_date_required",
            ),
        ]

    def __str__(self) -> str:
        return f"quote {self.number}"

    @property
    def number(self) -> str:
        """`QT-7K3M9P`, or `QT-7K3M9P, version 2`."""
        return self.reference if self.version == 1 else f"{self.reference}, version {self.version}"

    @property
    def staff_label(self) -> str:
        """For pages of the staff, never for logs."""
        return f"{self.name or 'a deleted client'}, {self.number}"

    @property
    def purpose(self) -> Purpose:
        return Purpose.ORDER if self.state == self.State.ACCEPTED else Purpose.QUOTE

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def tax(self) -> Money:
        """The tax that the total includes."""
        return self.total.percent(self.tax_percent * 100 / (100 + self.tax_percent))

    @property
    def service_name(self) -> str:
        """Of the public services, so that it may stand in clear text on an order; what the quote is for may not."""
        return self.service.name if self.service else "Services"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_erased(self) -> bool:
        return self.name is None

    @property
    def is_revoked(self) -> bool:
        """Whether the link shows nothing of the quote (any more)."""
        return self.is_erased or self.state in self.REVOKED

    def is_open(self, now: datetime) -> bool:
        """Whether the client may accept or decline it now: it was sent, nobody decided, and its last day isn't over."""
        return self.state in self.SENT_STATES and self.valid_until >= local_day(now) and not self.is_erased

    def may_be_signed(self, now: datetime) -> bool:
        """Whether staff may record a signed letter. One that was signed in time may arrive after the last day."""
        return self.is_open(now) or (self.has_lapsed(now) or self.state == self.State.EXPIRED) and not self.is_erased

    def has_lapsed(self, now: datetime) -> bool:
        """Sent, and its last day is over, whether or not housekeeping has recorded it."""
        return self.state in self.SENT_STATES and self.valid_until < local_day(now)

    @property
    def next_planned(self) -> Any:
        """The first installment that becomes due when staff say so; None if no such one waits."""
        return self.installments.filter(due="release", order__state="planned").first()

    @property
    def sent_on(self) -> date | None:
        """The day, in the business's time zone, as on the page, the PDF and the mails."""
        return local_day(self.sent_at) if self.sent_at else None

    @property
    def decided_on(self) -> date | None:
        """The day, in the business's time zone."""
        return local_day(self.decided_at) if self.decided_at else None

    def get_absolute_url(self) -> str:
        return reverse("clients:quote", args=[self.link_token])
