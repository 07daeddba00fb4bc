"""Suspending, reinstating and closing an affiliate's account.

A closed account earns nothing and can't sign in. Its final balance is paid regardless of the minimum; then its personal
data is erased by the registry's rules, and the ledger is kept (ADR 19).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import Sum
from django.utils import timezone

from affiliates.endpoints.managing import delete_endpoints
from affiliates.mails import ACCOUNT_CLOSED, ACCOUNT_REINSTATED, ACCOUNT_SUSPENDED
from affiliates.models import (
    Adjustment,
    Affiliate,
    Application,
    Commission,
    Endpoint,
    LedgerEntry,
    LegalDetails,
    Objection,
    PayoutEmailChange,
    PayoutItem,
)
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.erasure.erase import apply_rule
from privacy.mail.sending import MailKind, notify
from privacy.registry.declarations import PersonalData, declaration_for
from privacy.registry.purpose_binding import upkeep

if TYPE_CHECKING:
    from accounts.models import User

State = Affiliate.State
KEPT_AT_LEAST = timedelta(days=7)  # a payment in progress may still bring a commission
AT_ONCE = 500


@transaction.atomic
def suspend_affiliate(*, affiliate: Affiliate, reason: str, actor: User) -> None:
    """Links still work but record nothing, nothing is paid, and signing in still works. Raises `ActionRefused`."""
    _change_state(affiliate, [State.ACTIVE], State.SUSPENDED, _required_reason(reason))
    _notify_affiliate(ACCOUNT_SUSPENDED, affiliate)
    record(action="affiliates.account.suspended", about=affiliate, actor=actor)


@transaction.atomic
def reinstate_affiliate(*, affiliate: Affiliate, actor: User) -> None:
    """Makes a suspended account active again. Raises `ActionRefused`."""
    _change_state(affiliate, [State.SUSPENDED], State.ACTIVE, None)
    leave_to_a_colleague(affiliate, actor=actor, permission="affiliates.change_affiliate")
    _notify_affiliate(ACCOUNT_REINSTATED, affiliate)
    record(action="affiliates.account.reinstated", about=affiliate, actor=actor)


@transaction.atomic
def close_affiliate(*, affiliate: Affiliate, actor: User, reason: str = "") -> None:
    """Closes the account at the affiliate's own request, or by staff with a reason. Raises `ActionRefused`."""
    if actor.pk != affiliate.user_id:
        reason = _required_reason(reason)
    _change_state(affiliate, [State.MOVED, State.ACTIVE, State.SUSPENDED], State.CLOSED, reason.strip() or None)
    affiliate.payout_email_changes.filter(state=PayoutEmailChange.State.WAITING).update(
        state=PayoutEmailChange.State.WITHDRAWN, ended_at=timezone.now()
    )
    delete_endpoints(Endpoint.objects.filter(affiliate=affiliate), actor=actor)
    _notify_affiliate(ACCOUNT_CLOSED, affiliate)
    if not (affiliate.user.is_staff or affiliate.user.is_superuser):
        affiliate.user.is_active = False
        affiliate.user.save(update_fields=["is_active"])
    record(action="affiliates.account.closed", about=affiliate, actor=actor)


def _required_reason(reason: str) -> str:
    if not reason.strip():
        raise ActionRefused("Please enter a reason. The affiliate will see it.")
    return reason.strip()


def _change_state(
    affiliate: Affiliate, before: list[Affiliate.State], after: Affiliate.State, reason: str | None
) -> None:
    locked = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    if locked.state not in before:
        raise ActionRefused(f"This account is {locked.get_state_display()}.")
    affiliate.state, affiliate.state_reason = after, reason
    affiliate.closed_at = timezone.now() if after == State.CLOSED else None
    affiliate.save(update_fields=["state", "state_reason", "closed_at"])


def _notify_affiliate(kind: MailKind, affiliate: Affiliate) -> None:
    user = affiliate.user
    notify(kind, to=user.email, about=affiliate, context={"name": user.get_short_name()})


def anonymize_closed_affiliates(*, now: datetime) -> int:
    """Erases the personal data of each closed account that is settled. Returns how many."""
    closed = Affiliate.objects.closing().filter(closed_at__lte=now - KEPT_AT_LEAST)
    settled = closed.exclude(pk__in=_with_unsettled_money()).select_related("user").order_by("closed_at")
    return sum(_anonymize(affiliate, now) for affiliate in settled[:AT_ONCE])


def _with_unsettled_money() -> models.QuerySet[Any]:
    """Affiliates with a positive balance, an unsettled commission, or a payout in progress."""
    unsettled = [Commission.State.PENDING, Commission.State.IN_PAYOUT]
    earning = Affiliate.objects.filter(attributions__commission__state__in=unsettled)
    awaiting = Affiliate.objects.filter(payouts__state__in=PayoutItem.IN_PROGRESS)
    balances = LedgerEntry.objects.order_by().values("affiliate", "currency").annotate(sum=Sum("amount_minor"))
    owed = Affiliate.objects.filter(pk__in=balances.filter(sum__gt=0).values("affiliate"))
    return earning.order_by().values("pk").union(awaiting.order_by().values("pk"), owed.order_by().values("pk"))


@upkeep
@transaction.atomic
def _anonymize(affiliate: Affiliate, now: datetime) -> bool:
    if not Affiliate.objects.closing().filter(pk=affiliate.pk).update(anonymized_at=now):
        return False
    for declaration, rows in list(_personal_data_of(affiliate)):
        apply_rule(declaration, declaration.erasure, rows)
    record(action="affiliates.account.anonymized", about=affiliate, actor=None)
    return True


def _personal_data_of(affiliate: Affiliate) -> Iterator[tuple[PersonalData, list[Any]]]:
    """The account's personal data. Not found by email address: another affiliate may be paid at the same one."""
    user = affiliate.user
    yield from _declared_rows(PayoutEmailChange.objects.filter(affiliate=affiliate))
    yield from _declared_rows(Objection.objects.filter(commission__attribution__affiliate=affiliate))
    yield from _declared_rows(Adjustment.objects.filter(affiliate=affiliate))
    yield from _declared_rows(PayoutItem.objects.filter(affiliate=affiliate))
    yield from _declared_rows(LegalDetails.objects.filter(affiliate=affiliate))
    if user.email:
        yield from _declared_rows(Application.objects.filter(email_index=user.email))
    yield from _declared_rows(Affiliate.objects.filter(pk=affiliate.pk))
    if not (user.is_staff or user.is_superuser):
        yield from _declared_rows(type(user)._default_manager.filter(pk=user.pk))


def _declared_rows(rows: models.QuerySet[Any]) -> Iterator[tuple[PersonalData, list[Any]]]:
    declaration = declaration_for(rows.model._meta.db_table)
    if isinstance(declaration, PersonalData):
        yield declaration, list(rows)
