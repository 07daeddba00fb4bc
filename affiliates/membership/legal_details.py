"""Legal details (name and postal address for the tax office): who is asked for them, enters them, and may read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from affiliates.models import Affiliate, LegalDetails
from affiliates.statistics.reports import paid_payouts
from affiliates.statistics.spans import Span
from affiliates.statistics.yearly import is_reported, totals_of
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.registry.policy_gate import is_open
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose

if TYPE_CHECKING:
    from accounts.models import User

TABLE = "affiliates_legaldetails"


def is_asked_for() -> bool:
    """Whether the vendor has switched it on, and the policy in effect names it."""
    return settings.AFFILIATE_LEGAL_DETAILS and is_open(LegalDetails, "name") and is_open(LegalDetails, "address")


@reads(TABLE, purpose=Purpose.TAX_REPORTING, audience=Audience.PERSON)
def legal_details_of(affiliate: Affiliate) -> LegalDetails | None:
    """What this affiliate entered, for the affiliate's own pages. None also if it isn't asked for."""
    return LegalDetails.objects.filter(affiliate=affiliate).first() if is_asked_for() else None


@reads(TABLE, purpose=Purpose.TAX_REPORTING, audience=Audience.STAFF)
def legal_details_by_affiliate(affiliates: Iterable[UUID]) -> dict[UUID, LegalDetails]:
    """For the vendor's yearly list alone. One query."""
    return {row.affiliate_id: row for row in LegalDetails.objects.filter(affiliate__in={*affiliates})}


@reads(TABLE, purpose=Purpose.TAX_REPORTING, audience=Audience.PERSON)
@transaction.atomic
def save_legal_details(*, affiliate: Affiliate, name: str, address: str, actor: User) -> None:
    """Stores both, or deletes what is stored if both are empty. Raises `ActionRefused`."""
    if Affiliate.objects.select_for_update().get(pk=affiliate.pk).state == Affiliate.State.CLOSED:
        raise ActionRefused("This account is closed.")
    stored = LegalDetails.objects.filter(affiliate=affiliate).first()
    if name and address:
        details = stored or LegalDetails(affiliate=affiliate)
        details.name, details.address, details.changed_at = name, address, timezone.now()
        details.save()
        record(action="affiliates.legal_details.entered", about=affiliate, actor=actor)
    elif stored:
        stored.delete()
        record(action="affiliates.legal_details.deleted", about=affiliate, actor=actor)


def are_legal_details_missing(affiliate: Affiliate, *, now: datetime) -> bool:
    """Whether the vendor's list of this year or the last one has the affiliate, without legal details. One query for
    whoever was paid less in both years together."""
    if not is_asked_for():
        return False
    this, last = (Span.around(now.replace(year=year, month=1, day=1), "year") for year in (now.year, now.year - 1))
    if not _is_on_list(affiliate, replace(last, end=this.end)) or legal_details_of(affiliate):
        return False
    return _is_on_list(affiliate, this) or _is_on_list(affiliate, last)


def _is_on_list(affiliate: Affiliate, span: Span) -> bool:
    return any(is_reported(total) for total in totals_of(paid_payouts(span).filter(affiliate=affiliate)))
