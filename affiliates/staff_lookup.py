"""What staff can find in the affiliate program."""

from __future__ import annotations

from django.db.models import Q, QuerySet, Sum
from django.urls import reverse

from privacy.admin_base.search.pasted_text import MOST, PastedText
from privacy.admin_base.search.row_kinds import Fact, Shown, row_kind
from privacy.encryption.normalization import normalize_code
from privacy.models.consent import Person
from privacy.registry.purposes import Purpose
from shop.money import Money

from .models import CODE, LEDGER, Affiliate, Application, BalanceDelta, Commission, PayoutItem, PayoutRun, PayPalBatch
from .models.affiliate import extract_code


def with_code(pasted: PastedText) -> Q | None:
    """The affiliates who have or had these codes, alone or in a link."""
    if pasted.emails:
        return None
    read = {extract_code("".join(typed.split())) for typed in [pasted.plain, *pasted.tokens[:MOST]]}
    codes = [code for code in read if CODE.fullmatch(normalize_code(code))]
    return Q(codes__code_index__in=codes) if codes else None


def account(affiliates: QuerySet[Affiliate]) -> Fact | None:
    """Code, state and balance. Two queries."""
    affiliate = affiliates.first()
    if affiliate is None:
        return None
    totals = BalanceDelta.objects.filter(affiliate=affiliate, bucket=LEDGER).order_by().values_list("currency")
    balances = [Money(minor, currency) for currency, minor in totals.annotate(sum=Sum("amount_minor")) if minor]
    balance = f", balance {', '.join(map(str, balances))}" if balances else ""
    return Fact(f"affiliate {affiliate.code}, {affiliate.get_state_display()}{balance}", affiliate.joined_at)


row_kind(
    model=Affiliate,
    purpose=Purpose.AFFILIATE_ACCOUNT,
    one="affiliate account",
    many="affiliate accounts",
    position=50,
    related=("user",),
    show=lambda affiliate: Shown(
        number=affiliate.code,
        at=affiliate.joined_at,
        name=affiliate.user.name or "",
        state=affiliate.get_state_display(),
        detail=affiliate.website or "",
    ),
    at="joined_at",
    emails=("user__email_index", "payout_email_index"),
    find=with_code,
    words=("user__name", "user__email", "website"),
    for_person=True,
    names_person=True,
    facts=account,
    contact=lambda affiliate: Person(email=affiliate.user.email),
)
row_kind(
    model=Application,
    purpose=Purpose.AFFILIATE_ACCOUNT,
    one="affiliate application",
    many="affiliate applications",
    position=51,
    show=lambda application: Shown(
        number="Application",
        at=application.applied_at,
        name=application.name,
        state=application.get_state_display(),
        detail=application.website,
    ),
    at="applied_at",
    emails=("email_index",),
    words=("name", "email", "website"),
    for_person=True,
    names_person=True,
    open=Q(state__in=[Application.State.OPEN, Application.State.HELD]),
)
row_kind(
    model=Commission,
    purpose=Purpose.AFFILIATE_ACCOUNT,
    joins_for=(Purpose.REFERRAL_TRACKING,),
    one="commission",
    many="commissions",
    position=70,
    related=("attribution__affiliate__user", "attribution__order"),
    show=lambda commission: Shown(
        number=commission.number,
        at=commission.created_at,
        name=commission.affiliate.user.name or "",
        state=commission.get_state_display(),
        detail=f"{commission.total} for {commission.attribution.order.reference}",
    ),
    at="created_at",
    codes=("number",),
)
row_kind(
    model=PayoutItem,
    purpose=Purpose.AFFILIATE_ACCOUNT,
    one="payout",
    many="payouts",
    position=71,
    related=("affiliate__user",),
    show=lambda payout: Shown(
        number=f"Payout to {payout.affiliate.code}",
        at=payout.created_at,
        name=payout.affiliate.user.name or "",
        state=payout.get_state_display(),
        detail=str(payout.total),
    ),
    at="created_at",
    codes=("paypal_item_id", "reference_index"),
)
row_kind(
    model=PayoutRun,
    purpose=Purpose.AFFILIATE_ACCOUNT,
    one="payout run",
    many="payout runs",
    position=72,
    show=lambda run: Shown(
        number=getattr(run, "staff_label", str(run)), at=run.created_at, state=run.get_state_display()
    ),
    at="created_at",
)
row_kind(
    model=PayPalBatch,
    purpose=Purpose.AFFILIATE_ACCOUNT,
    one="PayPal batch of a payout run",
    many="PayPal batches of payout runs",
    position=73,
    related=("run",),
    show=lambda batch: Shown(
        number=batch.paypal_batch_id or str(batch), at=batch.run.created_at, state=batch.get_state_display()
    ),
    at="run__created_at",
    codes=("paypal_batch_id",),
    shown_with="affiliates.view_payoutrun",
    page=lambda batch: reverse("admin:affiliates_payoutrun_change", args=[batch.run_id]),
)
