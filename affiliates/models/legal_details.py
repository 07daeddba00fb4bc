"""Legal details: the name and postal address of an affiliate that a report to the tax office needs.

Stored only while `AFFILIATE_LEGAL_DETAILS` is on and the policy in effect names it; otherwise the policy gate refuses
it. The table is bound to its purpose, so that only the functions of `affiliates.membership.legal_details`, access
requests and maintenance read it.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Purpose

from .affiliate import Affiliate


@personal_data(
    label="Your details for the tax office",
    purpose=Purpose.TAX_REPORTING,
    columns={"name": "legal name", "address": "postal address"},
    other_columns="id affiliate_id changed_at",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="as long as you are an affiliate, unless you delete them sooner"),
    erasure=Erasure.DELETE,
    correctable={"name": "name", "address": "street-address"},
    source="your profile",
    recipients="nobody, unless the law requires us to report to the tax office what we paid you",
    bound=True,
    growth=DeletedWith("affiliate"),
    switch="AFFILIATE_LEGAL_DETAILS",
)
class LegalDetails(SealedModel):
    affiliate = models.OneToOneField(Affiliate, on_delete=models.CASCADE, related_name="legal_details")
    name = SealedTextField("legal name", max_length=200)
    address = SealedTextField("postal address", max_length=500)
    changed_at = models.DateTimeField("last changed", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "legal details"
        default_permissions = ("view",)  # staff never type them
