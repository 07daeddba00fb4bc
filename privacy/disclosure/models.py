"""The model of disclosure orders."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedCharField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.models.request import new_reference
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import Kept
from privacy.registry.purposes import Purpose


class DisclosureQuerySet(models.QuerySet["Disclosure"]):
    def made(self) -> DisclosureQuerySet:
        return self.filter(state=Disclosure.State.EXPORTED)

    def by_year(self) -> dict[int, int]:
        """Number of exports per year, latest first."""
        years = self.made().order_by("-exported_at__year").values_list("exported_at__year")
        return dict(years.annotate(number=models.Count("pk")))

    def without_approval(self) -> DisclosureQuerySet:
        """Exports without an approved order."""
        return self.made().filter(Q(approved_at=None) | Q(document_digest="") | Q(approved_at__gt=F("exported_at")))


@personal_data(
    label="Disclosures about you that a court or the law required",
    purpose=Purpose.LEGAL_OBLIGATION,
    columns={
        "email": "email address",
        "authority": "authority",
        "order_reference": "the order's reference",
        "refusal": "reason for refusal",
    },
    other_columns="id reference kind received_on email_index scope document_digest state recorded_at recorded_by_id"
    " approved_at approved_by_id approved_alone exported_at exported_by_id export_digest",
    found_by=("email_index",),
    retention=Retention(text="7 years after it was recorded", since="recorded_at", days=7 * 365),
    erasure=Erasure.REDACT,
    kept_because="we have to be able to count disclosures, without saying whose data was disclosed",
    source="the order of a court or other authority",
    recipients="the authority named here",
    growth=Kept("the register of disclosures; personal columns are emptied after 7 years"),
)
class Disclosure(SealedModel):
    """One order and its one export. State changes are in `privacy.disclosure.orders`."""

    class Kind(models.TextChoices):
        COURT_ORDER = "court_order", "court order"
        SUBPOENA = "subpoena", "subpoena"
        WARRANT = "warrant", "search warrant"
        STATUTE = "statute", "other legal process"

    class State(models.TextChoices):
        RECORDED = "recorded", "pending approval"
        APPROVED = "approved", "approved"
        EXPORTED = "exported", "disclosed"
        REFUSED = "refused", "refused"

    reference = ComputedCharField(max_length=8, unique=True, default=new_reference, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    authority = SealedTextField(max_length=200, null=True, help_text="The court or authority that ordered it.")
    order_reference = SealedTextField("the order's reference", max_length=200, null=True)
    received_on = models.DateField()
    email = SealedEmailField("email address of the person", null=True)
    email_index = BlindIndexField("email", normalize="email", null=True)
    scope = models.JSONField("what the order names", help_text="Kinds of data; nothing else is exported.")
    document_digest = models.CharField("SHA-256 of the order's document", max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.RECORDED)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_alone = models.BooleanField("approved by the recorder, the only eligible user", default=False)
    exported_at = models.DateTimeField(null=True)
    exported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    export_digest = models.CharField("SHA-256 of the export", max_length=64, blank=True)
    refusal = SealedTextField("reason for refusal", max_length=300, null=True, blank=True)

    objects = DisclosureQuerySet.as_manager()

    database_triggers = ("no_update", "no_delete")

    class Meta:
        ordering = ["-recorded_at"]
        permissions = [
            ("approve_disclosure", "Can approve and refuse orders for disclosure"),
            ("export_disclosure", "Can export an approved order"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["recorded", "refused"]) | Q(approved_at__isnull=False),
                name="disclosed_only_when_approved",
            ),
            models.CheckConstraint(
                condition=~Q(recorded_by=F("approved_by")) | Q(approved_alone=True),
                name="approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="exported") | (Q(exported_at__isnull=False) & ~Q(export_digest="")),
                name="an_export_has_its_digest",
            ),
            models.CheckConstraint(condition=~Q(document_digest=""), name="an_order_has_its_document"),
        ]

    def __str__(self) -> str:
        return f"disclosure {self.reference}"
