"""Applications and affiliates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Upper
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedCharField, ComputedDateTimeField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.fingerprints import FingerprintField
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.encryption.normalization import normalize_code
from privacy.encryption.readable_codes import random_code
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import Bounded, Kept
from privacy.registry.purposes import Purpose
from shop.models import DiscountCode

from .group import AffiliateGroup


def new_code() -> str:
    """A random code, so that links don't reveal how many affiliates there are."""
    return random_code(8)


KEPT_FOR = timedelta(days=730)  # an application, from the day it was made


def two_years_from_now() -> datetime:
    return timezone.now() + KEPT_FOR


class ApplicationQuerySet(models.QuerySet["Application"]):
    def undecided(self) -> ApplicationQuerySet:
        """Applications that staff may decide, whether or not the address is confirmed."""
        return self.filter(state__in=Application.UNDECIDED)

    def unconfirmed(self) -> ApplicationQuerySet:
        """Applications whose address can still be confirmed, whether or not the link was emailed."""
        return self.filter(state__in=[Application.State.UNCONFIRMED, Application.State.HELD])

    def to_decide(self) -> ApplicationQuerySet:
        """Applications that wait for staff: confirmed or held."""
        return self.filter(state__in=[Application.State.OPEN, Application.State.HELD])

    def confirmable(self, digest: str, now: datetime) -> ApplicationQuerySet:
        """The application behind a link that is still valid."""
        return self.unconfirmed().filter(link_digest=digest, link_expires_at__gt=now)


@personal_data(
    label="Your application as an affiliate",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={
        "name": "name",
        "email": "email address",
        "website": "website",
        "message": "message",
        "decision": "reason for our decision",
    },
    other_columns=(
        "id email_index state terms_version applied_at link_digest link_expires_at confirmed_at decided_at keep_until"
    ),
    found_by=("email_index",),
    retention=Retention(text="2 years after you applied; 7 days if you never confirm the address", since="keep_until"),
    erasure=Erasure.DELETE,
    circumstances={"keep_until": "kept until"},
    unlisted=frozenset({"link_expires_at"}),
    correctable={"name": "name", "website": "url"},
    source="the application form",
    recipients="nobody",
)
class Application(SealedModel):
    class State(models.TextChoices):
        HELD = "held", "held for review"
        OPEN = "open", "waiting for a decision"
        UNCONFIRMED = "unconfirmed", "address not confirmed"
        APPROVED = "approved", "approved"
        DECLINED = "declined", "declined"

    UNDECIDED = (State.HELD, State.OPEN, State.UNCONFIRMED)

    name = SealedTextField(max_length=150)
    email = SealedEmailField("email address")
    email_index = BlindIndexField("email", normalize="email")
    website = SealedTextField(max_length=300)
    message = SealedTextField(max_length=4000, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    terms_version = models.CharField("accepted version of the terms", max_length=20)
    applied_at = models.DateTimeField(default=timezone.now, db_index=True)
    link_digest = models.CharField(max_length=64, unique=True, null=True)
    link_expires_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField("address confirmed at", null=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = SealedTextField("reason", max_length=300, null=True, blank=True)
    keep_until = ComputedDateTimeField(default=two_years_from_now, db_index=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering = ["-applied_at"]
        permissions = [("decide_application", "Can approve and decline applications")]

    @property
    def is_undecided(self) -> bool:
        return self.state in self.UNDECIDED

    @property
    def staff_label(self) -> str:
        """The applicant's name."""
        return str(self.name or self.email)


class AffiliateQuerySet(models.QuerySet["Affiliate"]):
    def active(self) -> AffiliateQuerySet:
        return self.filter(state=Affiliate.State.ACTIVE)

    def with_code(self, code: str) -> Affiliate | None:
        """The active affiliate behind a code in any spelling; None if there is none."""
        return self.active().spelled(code).first()

    def spelled(self, code: str) -> AffiliateQuerySet:
        """The affiliate who has or had this code, in any spelling that links and the checkout accept, or within a whole
        link."""
        read = extract_code("".join(code.split()))
        return self.filter(codes__code_index=read) if CODE.fullmatch(normalize_code(read)) else self.none()

    def of_discounts(self, discounts: Sequence[DiscountCode]) -> Affiliate | None:
        """The affiliate who has one of these discount codes; of several, that of the first."""
        if not discounts:
            return None
        rows: list[Any] = list(
            self.filter(discounts__discount__in=discounts).annotate(discount=F("discounts__discount"))
        )
        owners = {row.discount: row for row in rows}
        return next((owners[code.pk] for code in discounts if code.pk in owners), None)

    def payees(self) -> AffiliateQuerySet:
        """Active affiliates, and closed ones who have not received their final payout yet."""
        return self.active() | self.closing()

    def closing(self) -> AffiliateQuerySet:
        """Closed, but not anonymized yet: a payout may be outstanding."""
        return self.filter(state=Affiliate.State.CLOSED, closed_at__isnull=False, anonymized_at__isnull=True)


CODE = re.compile(r"\A[A-Za-z0-9_-]{2,32}\Z")
_IN_A_LINK = re.compile(r"(?:^|[/?&])(?:go/|ref=)([^/?&#]+)")
_AROUND = "#@\"'`.,;:!?()<>[]{} \u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"  # what people write around a code


def extract_code(typed: str) -> str:
    """Extracts the code from what somebody typed or pasted: alone, behind `#` or `@`, in quotation marks, in full-width
    letters, with a dash for a hyphen, or in a whole link. Returns something that doesn't match `CODE` if there is none.
    """
    if CODE.fullmatch(typed):
        return typed
    text = unicodedata.normalize("NFKC", unquote(typed[:500])).strip()
    if link := _IN_A_LINK.search(text):
        text = link[1]
    return "".join("-" if unicodedata.category(each) == "Pd" else each for each in text.strip(_AROUND))


validate_code = RegexValidator(CODE.pattern, "Two to 32 letters, digits, hyphens or underscores.")


@personal_data(
    label="Your affiliate account",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={
        "payout_email": "PayPal address for payouts",
        "website": "website",
        "state_reason": "why it was suspended or closed",
    },
    other_columns=(
        "id user_id code group_id state joined_at terms_version payout_email_index announced_terms mail_sales"
        " mail_payouts mail_monthly mail_news summarized_until closed_at anonymized_at"
    ),
    found_by=("user__email_index",),
    retention=Retention(text="as long as you are an affiliate"),
    erasure=Erasure.REDACT,
    redacted={"state": "closed", "code": new_code},
    circumstances={
        "code": "your code",
        "group": "your group, by which your rate is set",
        "mail_sales": "email about each sale",
        "mail_payouts": "email about payouts",
        "mail_monthly": "monthly summary by email",
        "mail_news": "announcements by email",
    },
    unlisted=frozenset({"announced_terms", "summarized_until", "anonymized_at"}),
    correctable={"website": "url"},
    source="your application, or the program that you joined before it moved here, and your profile",
    recipients="PayPal, when it pays you",
    growth=Bounded("the people whom staff admit; closed accounts are anonymized"),
)
class Affiliate(SealedModel):
    class State(models.TextChoices):
        MOVED = "moved", "moving in"  # from another program, and not told yet: `affiliates.moving_in`
        ACTIVE = "active", "active"
        SUSPENDED = "suspended", "suspended"
        CLOSED = "closed", "closed"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="affiliate")
    code = ComputedCharField(
        max_length=32,
        unique=True,
        default=new_code,
        validators=[validate_code],
        help_text="Links with a former code keep working for the same affiliate. No code is ever reassigned.",
    )
    group = models.ForeignKey(
        AffiliateGroup, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="affiliates"
    )
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    payout_email = SealedEmailField("PayPal address", null=True)
    payout_email_index = BlindIndexField("payout_email", normalize="email", null=True)
    website = SealedTextField(max_length=300, blank=True, null=True)
    state_reason = SealedTextField("reason", max_length=500, blank=True, null=True)
    terms_version = models.CharField("accepted version of the terms", max_length=20)
    announced_terms = models.PositiveSmallIntegerField(default=0, editable=False)  # the newest version announced
    mail_sales = models.BooleanField("each sale", default=False)
    mail_payouts = models.BooleanField("payouts made or returned", default=True)
    mail_monthly = models.BooleanField("a summary of each month", default=False)
    mail_news = models.BooleanField("announcements", default=False)
    summarized_until = models.DateField(null=True, editable=False)  # the last day that a monthly summary covered
    closed_at = models.DateTimeField(null=True, editable=False)
    anonymized_at = models.DateTimeField(null=True, editable=False)  # personal data erased
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AffiliateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Upper("code"), name="one_affiliate_per_code"),
        ]

    def __str__(self) -> str:
        return f"affiliate {self.code}"

    def clean(self) -> None:
        """Refuses a code that another affiliate has or had, here or in the program that moved here, or that gives a
        discount."""
        if DiscountCode.objects.filter(code=normalize_code(self.code)).exists():
            raise ValidationError({"code": "There is a discount code with this name."})
        of_another = AffiliateCode.objects.filter(code_index=self.code).exclude(affiliate=self.pk)
        old_links = Affiliate.objects.exclude(pk=self.pk).filter(
            old_links__parameter="ref", old_links__value_index=self.code
        )
        if of_another.exists() or old_links.exists():
            raise ValidationError({"code": "Another affiliate has or once had this code."})

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Also records a new code permanently. Raises `IntegrityError` if it is or was another affiliate's."""
        with transaction.atomic():
            super().save(update_fields=update_fields, **options)
            if self.state == self.State.CLOSED:  # an erasure must not wait until the policy covers a new column
                return
            if (update_fields is None or "code" in update_fields) and not self.codes.filter(code_index=self.code):
                AffiliateCode.objects.create(affiliate=self, code=self.code, look=self.code)

    @property
    def staff_label(self) -> str:
        """Name and code: `Alice Liddell (DEMO)`. Opens the name of the account, which lists select with it."""
        return f"{self.user.get_full_name() or 'deleted account'} ({self.code})"

    @property
    def is_closing(self) -> bool:
        """Closed, but not anonymized yet: a payout may be outstanding."""
        return self.state == self.State.CLOSED and self.closed_at is not None and self.anonymized_at is None

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE


@personal_data(
    label="Codes you have had",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"code": "a sealed fingerprint of the code", "look": "a sealed fingerprint of what it looks like"},
    other_columns="id affiliate_id code_index look_index is_chosen since",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="permanently"),
    erasure=Erasure.KEEP,
    kept_because="the next owner of your code would be paid for links that you published",
    circumstances={"since": "since"},
    source="your application, the program that moved here, and each change of your code",
    recipients="nobody",
    growth=Kept("a code is never given to anyone else"),
)
class AffiliateCode(SealedModel):
    """Every code that an affiliate ever had. Links and the checkout look affiliates up through it.

    Only a fingerprint is stored. After an erasure it points to an anonymized account, and still prevents the code from
    being reassigned. The database refuses to delete it or to move it to another affiliate.
    """

    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="codes")
    code = FingerprintField(of="code")
    code_index = BlindIndexField("code", normalize="code_fingerprint", unique=True)
    look = FingerprintField(of="code_look")
    look_index = BlindIndexField("look", normalize="code_look_fingerprint")
    is_chosen = models.BooleanField("chosen by the affiliate", default=False)
    since = models.DateTimeField(default=timezone.now)

    database_triggers = ("no_replace", "no_update", "no_delete")

    class Meta:
        constraints = [
            # Codes that staff give or that come from another program may look alike.
            models.UniqueConstraint(
                fields=["look_index"], condition=models.Q(is_chosen=True), name="chosen_codes_look_different"
            )
        ]


@personal_data(
    label="Your discount codes",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={},
    other_columns="id affiliate_id discount_id since",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="permanently"),
    erasure=Erasure.KEEP,
    kept_because="orders with the code stay attributed to your account, which is anonymized",
    circumstances={"discount": "the code", "since": "since"},
    source="our staff, who agreed on it with you",
    recipients="buyers who use the code",
    growth=Bounded("as many as staff write"),
)
class AffiliateDiscount(models.Model):
    """Says that a sale with this discount code is this affiliate's, like one with the affiliate's own code."""

    id = UUID7Field(primary_key=True)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="discounts")
    discount = models.OneToOneField(DiscountCode, on_delete=models.PROTECT, related_name="of_affiliate")
    since = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"{self.discount} of {self.affiliate}"
