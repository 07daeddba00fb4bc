"""The portal's help: how sales are attributed, approved, paid and reversed, with the figures that this site runs on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from affiliates.commissions.objections import ANSWER_WITHIN
from affiliates.currencies import minimum_payout
from affiliates.membership.payout_address import HOLD
from affiliates.payouts.sending import CLAIMABLE_FOR
from affiliates.statistics.label_sales import FEWEST
from affiliates.tracking.clicks import SAME_CLICK, Credit

from ..currencies import currencies_of
from ..models import LONGEST_LABEL, MOST_LABELS, REFERRAL_LIFE
from .base import PortalPage
from .rates import rates_now


class HelpPage(PortalPage):
    template_name = "affiliates/portal/help.html"
    tab = "help"
    terms_not_required = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        currencies = currencies_of(self.affiliate)
        return super().get_context_data(
            rates=rates_now(self.affiliate, now=timezone.now()),
            credit=Credit(settings.AFFILIATE_CREDIT).label,
            click_days=REFERRAL_LIFE.days,
            same_click_minutes=SAME_CLICK.seconds // 60,
            hold_days=settings.REFUND_DAYS,
            minimum=" or ".join(str(minimum_payout(currency)) for currency in currencies),
            claimable_days=CLAIMABLE_FOR.days,
            address_hold_hours=HOLD.days * 24 + HOLD.seconds // 3600,
            answer_within=ANSWER_WITHIN,
            most_labels=MOST_LABELS,
            longest_label=LONGEST_LABEL,
            fewest=FEWEST,
            **kwargs,
        )
