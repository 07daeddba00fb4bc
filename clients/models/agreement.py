"""Agreements with clients: work over a period, such as the maintenance of a site."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedCharField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.encryption.readable_codes import random_code
from privacy.registry.deadlines import business_zone
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.purposes import Purpose

RECORDS = relativedelta(
    years=4
)  # after the end: a claim from a written contract (California Code of Civil Procedure § 337)


def new_reference() -> str:
    return "A-" + random_code(6)


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def in_force(self, day: date) -> AgreementQuerySet:
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)

    def of_person(self, email: str | None) -> AgreementQuerySet:
        return self.filter(email_index=email) if email else self.none()


@personal_data(
    label="Agreements with you",
    purpose=Purpose.ORDER,
    columns={
        "name": "name",
        "email": "email address",
        "phone": "phone number",
        "address": "postal address",
        "subject": "what was agreed",
        "notes": "our notes",
    },
    other_columns=(
        "id reference email_index phone_index starts_on ends_on inquiry_id entered_by_id entered_at ended_at keep_until"
    ),
    found_by=("email_index",),
    retention=Retention(text="4 years after the agreement ends", since="keep_until"),
    erasure=Erasure.DELETE,
    circumstances={"starts_on": "begins", "ends_on": "ends", "keep_until": "kept until"},
    correctable={"name": "name", "phone": "tel", "address": "street-address"},
    source="what we agreed with you",
    recipients="nobody",
)
class Agreement(SealedModel):
    """A period in which a person is a client. Their correspondence is kept as long as its records."""

    reference = ComputedCharField(max_length=8, unique=True, default=new_reference, editable=False)
    name = SealedTextField(max_length=150)
    email = SealedEmailField("email address", null=True, blank=True)
    email_index = BlindIndexField("email", normalize="email", null=True)
    phone = SealedTextField("phone number", max_length=40, blank=True)
    phone_index = BlindIndexField("phone", normalize="phone", null=True)
    address = SealedTextField("postal address", max_length=400, blank=True)
    subject = SealedTextField("what was agreed", max_length=200)
    notes = SealedTextField(max_length=20_000, blank=True)
    starts_on = models.DateField("begins on")
    ends_on = models.DateField("ends on", null=True, blank=True, help_text="The last day. Empty: until it is ended.")
    inquiry = models.ForeignKey(
        "contacts.Inquiry", on_delete=models.SET_NULL, null=True, editable=False, related_name="agreements"
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    entered_at = models.DateTimeField("entered", default=timezone.now, editable=False)
    ended_at = models.DateTimeField("ended early", null=True, editable=False)
    keep_until = models.DateTimeField(null=True, editable=False, db_index=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="an_agreement_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return f"agreement {self.reference}"

    def save(self, **options: Any) -> None:
        self.keep_until = self.records_end(self.ends_on) if self.ends_on else None
        super().save(**options)

    @staticmethod
    def records_end(day: date) -> datetime:
        """Until when what belongs to an agreement that ends on this day is kept."""
        return datetime.combine(day + RECORDS, time.max, business_zone())

    @property
    def staff_label(self) -> str:
        """For pages of the staff, never for logs."""
        return f"{self.name}, {self.reference}"

    def is_in_force(self, day: date) -> bool:
        """Same as `AgreementQuerySet.in_force`."""
        return self.starts_on <= day and (self.ends_on is None or self.ends_on >= day)
