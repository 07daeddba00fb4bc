"""Who applies, and who is an affiliate."""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper
from django.db.models.lookups import Exact
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.purposes import Purpose
from privacy.registry import Erasure, Retention, personal_data
from privacy.sealed_models import SealedModel


def new_code() -> str:
    """What stands in an affiliate's links: random, so that it says nothing about how many affiliates there are."""
    return "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(8))


@personal_data(
    label="Your application as an affiliate",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"name": "name", "email": "e-mail address", "website": "website", "message": "message"},
    other_columns="id email_index state terms_version applied_at decided_at decision",
    found_by=("email_index",),
    retention=Retention(text="2 years after you applied", since="applied_at", days=730),
    erasure=Erasure.DELETE,
    correctable={"name": "name", "website": "url"},
    source="the application form",
    recipients="nobody",
)
class Application(SealedModel):
    class State(models.TextChoices):
        OPEN = "open", "waiting for a decision"
        APPROVED = "approved", "approved"
        DECLINED = "declined", "declined"

    name = SealedTextField(max_length=150)
    email = SealedEmailField("e-mail address")
    email_index = BlindIndexField("email", normalise="email")
    website = SealedTextField(max_length=300)
    message = SealedTextField(max_length=4000, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    terms_version = models.CharField(max_length=20)
    applied_at = models.DateTimeField(default=timezone.now, db_index=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField("reason", max_length=300, blank=True)

    class Meta:
        ordering = ["-applied_at"]


class AffiliateQuerySet(models.QuerySet["Affiliate"]):
    def active(self) -> AffiliateQuerySet:
        return self.filter(state=Affiliate.State.ACTIVE)

    def with_code(self, code: str) -> Affiliate | None:
        """The active affiliate behind a code, however it is typed; None for anything else."""
        text = code.strip()
        return self.active().spelled(text).first() if CODE.fullmatch(text) else None

    def spelled(self, code: str) -> AffiliateQuerySet:
        """Through the index on the code in capitals, which SQLite does not use for `iexact`."""
        return self.filter(Exact(Upper("code"), code.upper()))


CODE = re.compile(r"\A[A-Za-z0-9_-]{2,32}\Z")
is_a_code = RegexValidator(CODE.pattern, "Two to 32 letters, digits, hyphens or underscores.")


@personal_data(
    label="Your affiliate account",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"payout_email": "PayPal address for payouts", "website": "website"},
    other_columns="id user_id code state joined_at terms_version payout_email_index",
    found_by=("user__email_index", "payout_email_index"),
    retention=Retention(text="as long as you are an affiliate"),
    erasure=Erasure.REDACT,
    redacted={"state": "closed"},
    correctable={"website": "url"},
    source="your application and your profile",
    recipients="PayPal, when it pays you",
)
class Affiliate(SealedModel):
    class State(models.TextChoices):
        ACTIVE = "active", "active"
        SUSPENDED = "suspended", "suspended"
        CLOSED = "closed", "closed"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="affiliate")
    code = models.CharField(max_length=32, unique=True, default=new_code, validators=[is_a_code])
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    payout_email = SealedEmailField("PayPal address", null=True)
    payout_email_index = BlindIndexField("payout_email", normalise="email", null=True)
    website = SealedTextField(max_length=300, blank=True, null=True)
    terms_version = models.CharField(max_length=20)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AffiliateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Upper("code"), name="one_affiliate_per_code"),
        ]

    def __str__(self) -> str:
        return f"affiliate {self.code}"

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE
