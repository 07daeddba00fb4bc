"""The affiliate of a discount code, on the code's page in the shop's admin."""

from __future__ import annotations

from django.contrib import admin

from affiliates.models import AffiliateDiscount
from shop.admin.discounts import DiscountCodeAdmin
from shop.models import DiscountCode


class AffiliateDiscountInline(admin.TabularInline[AffiliateDiscount, DiscountCode]):
    """A sale with the code is the affiliate's, while the account is active. The discount doesn't depend on that."""

    model = AffiliateDiscount
    fields = ("affiliate",)
    autocomplete_fields = ("affiliate",)
    extra = 1
    max_num = 1
    verbose_name_plural = (
        "affiliate (sales with the code are attributed to them while their account is active; the discount is given"
        " until you end it; a rate for these sales is set under Rates)"
    )


DiscountCodeAdmin.inlines.append(AffiliateDiscountInline)
