"""Filters of the admin lists of commissions, flags, objections and ledger entries."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

from affiliates.models import CODE, Affiliate, Commission, Flag
from shop.money import Money

State = Commission.State
Choices = list[tuple[str, str]]


class QuestionFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "question"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("to_decide", "To decide: past their hold, or flagged"),
            ("waiting", "Waiting for approval"),
            ("past_hold", "Past their hold"),
            ("disputed", "Disputed at PayPal"),
            ("objected", "With an open objection"),
            ("flagged", "Ever flagged"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filters by subquery, never by a join: a commission with three flags is listed, and summed, once."""
        if self.value() == "to_decide":
            return queryset.filter(pk__in=Commission.objects.to_decide(timezone.now()).values("pk"))
        if self.value() == "waiting":
            return queryset.filter(state=State.PENDING)
        if self.value() == "past_hold":
            return queryset.filter(state=State.PENDING, hold_until__lte=timezone.now())
        if self.value() == "disputed":
            disputed = Flag.objects.open().filter(kind=Flag.Kind.PAYMENT_DISPUTE)
            return queryset.filter(attribution__in=disputed.values("attribution"))
        if self.value() == "objected":
            return queryset.filter(pk__in=Commission.objects.filter(objections__state="open").values("pk"))
        if self.value() == "flagged":
            return queryset.filter(attribution__in=Flag.objects.values("attribution"))
        return queryset


class HeldFilter(admin.SimpleListFilter):
    title = "hold"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("yes", "held"), ("no", "not held"), *Flag.Kind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "no":
            return queryset.exclude(pk__in=Commission.objects.held().values("pk"))
        if self.value() == "yes":
            return queryset.filter(pk__in=Commission.objects.held().values("pk"))
        if self.value() in Flag.Kind.values:
            because = Flag.objects.open().filter(kind=self.value())
            return queryset.filter(attribution__in=because.values("attribution"))
        return queryset


class AffiliateFilter(admin.SimpleListFilter):
    """One affiliate, chosen by a link or by the search box: a list of all of them would be too long."""

    title = "affiliate"
    parameter_name = "affiliate"
    path = "attribution__affiliate__code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        code = request.GET.get(self.parameter_name, "")
        if not CODE.fullmatch(code):
            return []
        affiliate = Affiliate.objects.select_related("user").filter(code=code).first()
        return [(code, affiliate.staff_label if affiliate else code)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


class OwnAffiliateFilter(AffiliateFilter):
    """The same for rows with their own `affiliate`."""

    path = "affiliate__code"


class OfCommissionFilter(AffiliateFilter):
    """The same for objections."""

    path = "commission__attribution__affiliate__code"


def sums_of_list(shown: QuerySet[Commission]) -> list[dict[str, Any]]:
    """Count and totals per currency, in one query, whatever the filters join."""
    rows = Commission.objects.filter(pk__in=shown.order_by().values("pk")).order_by("currency").values("currency")
    sums = rows.annotate(number=Count("pk"), earned=Sum("amount_minor"), reversed_amount=Sum("reversed_minor"))
    return [
        {
            "number": row["number"],
            "earned": Money(row["earned"], row["currency"]),
            "reversed_amount": Money(row["reversed_amount"], row["currency"]),
            "left": Money(row["earned"] - row["reversed_amount"], row["currency"]),
        }
        for row in sums
    ]
