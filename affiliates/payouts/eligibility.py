"""Who may be paid: one rule, checked in the preview, when a run is prepared, approved and sent, and in the portal.

The wording is the same everywhere, except that the portal never reveals anything about another affiliate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Sum

from affiliates.membership.terms import current_terms_number
from affiliates.models import Affiliate, LedgerEntry, PayoutItem
from privacy.encryption.normalization import normalize_email
from shop.paypal.request_bodies import is_payable

AT_ONCE = 500  # addresses or payouts per statement


class Ineligibility(models.TextChoices):
    """Why an affiliate is not paid, in the wording for staff."""

    MOVED = "moved", "the account is moving in from another program"
    SUSPENDED = "suspended", "the account is suspended"
    CLOSED = "closed", "the account is closed"
    TERMS = "terms", "the current terms have not been accepted yet"
    NO_ADDRESS = "no_address", "there is no PayPal address"
    BAD_ADDRESS = "bad_address", "payouts can't be sent to this PayPal address"
    SHARED_ADDRESS = "shared_address", "another affiliate uses the same PayPal address"
    HELD = "held", "the money is held pending manual review"
    MINIMUM = "minimum", "the amount due is below the minimum payout"

    @property
    def words(self) -> str:
        """The wording for the affiliate. Saying that a PayPal address is another affiliate's would reveal who else is
        one."""
        return str(Ineligibility.BAD_ADDRESS.label if self is Ineligibility.SHARED_ADDRESS else self.label)


@dataclass(frozen=True)
class Circumstances:
    """What the rule needs to know besides the affiliate: the current terms, and who shares a PayPal address."""

    terms: str
    sharing: frozenset[UUID]

    @classmethod
    def of(cls, affiliates: Iterable[Affiliate]) -> Circumstances:
        return cls(
            current_terms_number(), frozenset(_sharing_an_address([one for one in affiliates if one.payout_email]))
        )


def ineligibility(
    affiliate: Affiliate, *, due_minor: int, held_minor: int = 0, circumstances: Circumstances | None = None
) -> Ineligibility | None:
    """The first applicable reason, starting with the one staff can do least about; None if the affiliate may be paid.

    `due_minor`: what a payout would pay, in minor units (cents for USD); `held_minor`: what a flag holds. A closed
    account gets its final balance regardless of the minimum, under the terms it accepted.
    """
    known = circumstances or Circumstances.of([affiliate])
    if not affiliate.is_active and not affiliate.is_closing:
        return Ineligibility(affiliate.state)
    if affiliate.is_active and known.terms and affiliate.terms_version != known.terms:
        return Ineligibility.TERMS
    address = affiliate.payout_email  # opened once: a run asks for thousands
    if not address:
        return Ineligibility.NO_ADDRESS
    if not is_payable(address):
        return Ineligibility.BAD_ADDRESS
    if affiliate.pk in known.sharing:
        return Ineligibility.SHARED_ADDRESS
    if due_minor < minimum_minor(affiliate):
        return Ineligibility.HELD if held_minor > 0 else Ineligibility.MINIMUM
    return None


def minimum_minor(affiliate: Affiliate) -> int:
    """The minimum payout, in minor units."""
    return 1 if affiliate.is_closing else max(settings.AFFILIATE_MINIMUM_PAYOUT_CENTS, 1)


def _sharing_an_address(affiliates: list[Affiliate]) -> Iterator[UUID]:
    """The affiliates among these whose PayPal address is also used to pay another one: staff have to find out why."""
    for start in range(0, len(affiliates), AT_ONCE):
        some = {one.pk: str(one.payout_email) for one in affiliates[start : start + AT_ONCE]}
        same = Affiliate.objects.payees().filter(payout_email_index__in=list(some.values()))
        mailboxes = {one.pk: normalize_email(str(one.payout_email)) for one in same}
        owed = _owed_or_in_progress(mailboxes) if len(set(mailboxes.values())) < len(mailboxes) else set()
        counts = Counter(mailboxes[pk] for pk in owed)
        for pk, address in some.items():
            if counts[normalize_email(address)] > (pk in owed):
                yield pk


def _owed_or_in_progress(affiliates: Iterable[UUID]) -> set[UUID]:
    """The affiliates among these with money due, or a payout in progress."""
    lines = LedgerEntry.objects.unclaimed().filter(affiliate__in=list(affiliates)).order_by()
    due = lines.values("affiliate", "currency").annotate(sum=Sum("amount_minor")).filter(sum__gt=0)
    moving = PayoutItem.objects.in_progress().filter(affiliate__in=list(affiliates))
    return {*due.values_list("affiliate", flat=True), *moving.values_list("affiliate", flat=True)}


class IneligiblePayout(NamedTuple):
    """A payout of a run that may no longer be made."""

    item: PayoutItem
    reason: Ineligibility


def ineligible_payouts(items: Iterable[PayoutItem]) -> list[IneligiblePayout]:
    """The payouts among these that may not be made now. Their affiliates must have been selected with them."""
    items = list(items)
    if not items:
        return []
    known = Circumstances.of(item.affiliate for item in items)
    flagged, debts = set(PayoutItem.objects.under_a_flag()), _debts_since(items)
    return [IneligiblePayout(item, reason) for item in items if (reason := _reason_for(item, known, flagged, debts))]


def _reason_for(
    item: PayoutItem, known: Circumstances, flagged: set[UUID], debts: dict[tuple[UUID, str], int]
) -> Ineligibility | None:
    held = item.amount_minor if item.pk in flagged else 0
    due = item.amount_minor + debts.get((item.affiliate_id, item.currency), 0) - held
    return ineligibility(item.affiliate, due_minor=due, held_minor=held, circumstances=known)


def _debts_since(items: list[PayoutItem]) -> dict[tuple[UUID, str], int]:
    """Debts from refunds and adjustments since the run was prepared, as negative minor units."""
    found: dict[tuple[UUID, str], int] = {}
    for start in range(0, len(items), AT_ONCE):
        owners = [item.affiliate_id for item in items[start : start + AT_ONCE]]
        lines = LedgerEntry.objects.unclaimed().filter(affiliate__in=owners).order_by()
        debts = lines.values_list("affiliate", "currency").annotate(sum=Sum("amount_minor")).filter(sum__lt=0)
        found |= {(affiliate, currency): debt for affiliate, currency, debt in debts}
    return found
