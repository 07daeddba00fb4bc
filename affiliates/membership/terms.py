"""The program's terms: announced to affiliates, and accepted by them before links and payouts go on. Staff publish them
with `shop.terms.publishing`.

An affiliate who has not accepted yet loses nothing: existing links still count, under the terms accepted before, and
the money waits (ADR 19).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from affiliates.mails import TERMS_CHANGED
from affiliates.models import Affiliate, TermsAcceptance, TermsVersion
from privacy.audit.trail import record
from privacy.mail.sending import notify

if TYPE_CHECKING:
    from accounts.models import User

AT_ONCE = 500  # affiliates per housekeeping run


def current_terms() -> TermsVersion | None:
    current: TermsVersion | None = TermsVersion.objects.in_force(timezone.now())
    return current


def current_terms_number() -> str:
    """The current version's number, as stored with applications and affiliates; empty if none was ever published."""
    version = current_terms()
    return str(version.number) if version else ""


def terms_to_accept(affiliate: Affiliate, *, now: datetime) -> TermsVersion | None:
    """The current version, if this affiliate has not accepted it."""
    version = TermsVersion.objects.in_force(now)
    return None if version is None or affiliate.terms_version == str(version.number) else version


@transaction.atomic
def accept_terms(*, affiliate: Affiliate, version: TermsVersion, now: datetime, actor: User | None) -> bool:
    """Records the acceptance. False if it was already accepted."""
    _, is_new = TermsAcceptance.objects.get_or_create(
        affiliate=affiliate, version=version, defaults={"accepted_at": now}
    )
    if is_new:
        affiliate.terms_version = str(version.number)
        affiliate.save(update_fields=["terms_version"])
        record(action="affiliates.terms.accepted", about=affiliate, actor=actor)
    return is_new


def announce_new_terms(*, now: datetime) -> int:
    """Emails each active affiliate once about the newest published version. Returns how many."""
    version = TermsVersion.objects.published().order_by("-effective_from", "-number").first()
    if version is None:
        return 0
    to_tell = Affiliate.objects.active().filter(announced_terms__lt=version.number).select_related("user")
    return sum(_announce_to(affiliate, version) for affiliate in to_tell.order_by("joined_at", "pk")[:AT_ONCE])


@transaction.atomic
def _announce_to(affiliate: Affiliate, version: TermsVersion) -> bool:
    claimed = Affiliate.objects.filter(pk=affiliate.pk, announced_terms__lt=version.number).update(
        announced_terms=version.number
    )
    if not claimed or affiliate.terms_version == str(version.number):
        return False
    return notify(TERMS_CHANGED, to=affiliate.user.email, about=affiliate, context={"version": version})
