"""Who would be paid now, how much, and why somebody is left out. Looking at it claims nothing.

A run is prepared from exactly this list, so that staff see beforehand what they will get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.db.models import Count, Sum

from privacy.encryption.normalise import normalise_email
from shop.money import Money
from shop.paypal.bodies import RECEIVER, is_payable

from .models import Affiliate, LedgerEntry
from .terms import number_now

LONGEST_RECEIVER = RECEIVER


class LeftOut(models.TextChoices):
    """Why an affiliate with money on the account is not in the run."""

    SUSPENDED = "suspended", "the affiliate is suspended"
    CLOSED = "closed", "the affiliate's account is closed"
    TERMS = "terms", "the present terms are not accepted yet"
    NO_ADDRESS = "no_address", "there is no address to be paid at"
    BAD_ADDRESS = "bad_address", "PayPal takes no such address, and would refuse the whole parcel for it"
    SHARED_ADDRESS = "shared_address", "another affiliate is to be paid at the same address"
    HELD = "held", "a flag holds the money until a person decides"
    MINIMUM = "minimum", "it is less than the minimum"


@dataclass(slots=True)
class Standing:
    """What one affiliate has on the account. Amounts are minor units."""

    affiliate: Affiliate
    currency: str
    due_minor: int = 0
    lines: int = 0  # of the ledger, which a run would take up
    held_minor: int = 0
    left_out: LeftOut | None = None

    @property
    def due(self) -> Money:
        return Money(self.due_minor, self.currency)

    @property
    def held(self) -> Money:
        return Money(self.held_minor, self.currency)


@dataclass(frozen=True)
class Preview:
    currency: str
    paid: list[Standing]
    left_out: list[Standing]

    @property
    def total(self) -> Money:
        return Money(sum(standing.due_minor for standing in self.paid), self.currency)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Each reason in words, with how many it concerns."""
        counts = Counter(standing.left_out for standing in self.left_out)
        return [(reason.label, counts[reason]) for reason in LeftOut if counts[reason]]


def preview_payout(*, currency: str) -> Preview:
    """Everybody who has something on the account, in the order in which they joined. Six queries, however many."""
    standings = list(_standings(currency))
    shared, terms = _shared(standing.affiliate for standing in standings), number_now()
    for standing in standings:
        standing.left_out = _reason(standing, shared, terms)
    return Preview(
        currency,
        paid=[standing for standing in standings if standing.left_out is None],
        left_out=[standing for standing in standings if standing.left_out],
    )


def _standings(currency: str) -> Iterable[Standing]:
    payable = LedgerEntry.objects.payable().filter(currency=currency).order_by().values("affiliate")
    open_sums = LedgerEntry.objects.unclaimed().filter(currency=currency).order_by().values("affiliate")
    in_credit = open_sums.annotate(sum=Sum("amount_minor")).filter(sum__gt=0)
    owners = Affiliate.objects.filter(pk__in=in_credit.values("affiliate")).order_by("joined_at", "pk")
    found = {owner.pk: Standing(owner, currency) for owner in owners}
    sums = payable.annotate(sum=Sum("amount_minor"), count=Count("pk"))
    for affiliate, due, lines in sums.values_list("affiliate", "sum", "count"):
        if affiliate in found:
            found[affiliate].due_minor, found[affiliate].lines = due, lines
    for affiliate, total in in_credit.values_list("affiliate", "sum"):
        if affiliate in found:
            found[affiliate].held_minor = total - found[affiliate].due_minor
    return found.values()


def _reason(standing: Standing, shared: set[str], terms: str) -> LeftOut | None:
    """The first that counts, the one that staff can do least about first.

    Whoever closed the account gets the last money, however little it is, under the terms that were accepted.
    """
    affiliate = standing.affiliate
    if not affiliate.is_active and not affiliate.is_closing:
        return LeftOut.CLOSED if affiliate.state == Affiliate.State.CLOSED else LeftOut.SUSPENDED
    if affiliate.is_active and terms and affiliate.terms_version != terms:
        return LeftOut.TERMS
    if not affiliate.payout_email:
        return LeftOut.NO_ADDRESS
    if not is_receiver(affiliate.payout_email):
        return LeftOut.BAD_ADDRESS
    if normalise_email(affiliate.payout_email) in shared:
        return LeftOut.SHARED_ADDRESS
    minimum = 1 if affiliate.is_closing else max(settings.AFFILIATE_MINIMUM_PAYOUT_CENTS, 1)
    if standing.due_minor < minimum:
        return LeftOut.HELD if standing.held_minor > 0 else LeftOut.MINIMUM
    return None


def is_receiver(address: str | None) -> bool:
    """Whether PayPal takes it. One that it does not take makes it refuse the whole parcel."""
    return bool(address) and is_payable(str(address))


def _shared(affiliates: Iterable[Affiliate]) -> set[str]:
    """Addresses of more than one affiliate: who is who at PayPal is for a person to find out."""
    paid = (each for each in affiliates if (each.is_active or each.is_closing) and each.payout_email)
    counts = Counter(normalise_email(each.payout_email) for each in paid)
    return {address for address, count in counts.items() if count > 1}
