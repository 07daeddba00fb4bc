"""What deleting their data means for an affiliate, above all for unpaid money."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Sum

from privacy.erasure.consequences import Consequence, consequence_source
from shop.money import Money

from .models import Affiliate, Commission, LedgerEntry


@consequence_source
def account_is_closed(email: str) -> Iterator[Consequence]:
    for affiliate in Affiliate.objects.filter(user__email_index=email):
        yield Consequence(
            text=f"Your affiliate account is closed immediately: links with the code {affiliate.code} stop earning."
        )
        if amounts := _unpaid_amounts(affiliate):
            yield Consequence(
                text=f"Not paid to you yet: {', '.join(amounts)}. After the deletion we no longer know where to pay it,"
                " so it is lost. To be paid first, close your account on its profile page instead: we pay the balance,"
                " however small, and then delete your data."
            )


def _unpaid_amounts(affiliate: Affiliate) -> list[str]:
    """Balances and commissions still on hold, per currency."""
    sums: dict[str, int] = {}
    entries = LedgerEntry.objects.filter(affiliate=affiliate)
    pending = Commission.objects.filter(attribution__affiliate=affiliate, state=Commission.State.PENDING)
    for rows in (entries, pending):
        for currency, sum_minor in rows.order_by().values_list("currency").annotate(sum=Sum("amount_minor")):
            sums[currency] = sums.get(currency, 0) + sum_minor
    return [str(Money(sum_minor, currency)) for currency, sum_minor in sorted(sums.items()) if sum_minor > 0]
