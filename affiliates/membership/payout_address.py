"""Changing the payout address. A new one takes effect after 72 hours, and the addresses used before can stop it.

Until then payouts go to the old address, which is known to be the affiliate's; an attempt to divert money is announced
for three days, to the account and to every address used within 90 days. An affiliate who has lost the old address is
paid there at most once; PayPal returns what nobody claims.

The first address takes effect at once if the affiliate enters it before any sale: there is nothing to divert yet, and
every later change waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.models.session import end_sessions
from accounts.passwords.link import send_password_link
from affiliates.mails import PAYOUT_EMAIL_CHANGED, PAYOUT_EMAIL_REQUESTED
from affiliates.models import Affiliate, PayoutEmailChange
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.encryption.normalization import normalize_email
from privacy.encryption.tokens import generate_token, hash_token
from privacy.mail.sending import notify, queue_mail

if TYPE_CHECKING:
    from accounts.models import User

HOLD = timedelta(hours=72)
State = PayoutEmailChange.State


@transaction.atomic
def request_payout_email_change(*, affiliate: Affiliate, email: str | None, actor: User) -> PayoutEmailChange:
    """Requests a change, by the affiliate or by staff; None removes the address. It takes effect after `HOLD` (a
    first one at once), and replaces a pending one. Raises `ActionRefused`."""
    affiliate = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    if affiliate.state == Affiliate.State.CLOSED:
        raise ActionRefused("This account is closed.")
    if normalize_email(email or "") == normalize_email(affiliate.payout_email or ""):
        raise ActionRefused("Your payouts already go to this address.")
    now, token = timezone.now(), generate_token()
    _withdraw_pending(affiliate, now)
    if email and actor.pk == affiliate.user_id and _is_before_any_sale(affiliate):
        change = PayoutEmailChange.objects.create(affiliate=affiliate, email=email, asked_at=now, takes_effect_at=now)
        record(action="affiliates.payout_address.asked", about=affiliate, actor=actor)
        _apply_change(change, now)
        return change
    change = PayoutEmailChange.objects.create(
        affiliate=affiliate, email=email, stop_digest=hash_token(token), asked_at=now, takes_effect_at=now + HOLD
    )
    used = PayoutEmailChange.objects.replaced(now).filter(affiliate=affiliate)
    told = [*(row.email for row in used), affiliate.payout_email, affiliate.user.email]
    for address in {normalize_email(address): address for address in told if address}.values():
        context = {"token": token, "by_staff": actor.pk != affiliate.user_id, "taken_away": email is None}
        context["is_first"] = not affiliate.payout_email
        queue_mail(PAYOUT_EMAIL_REQUESTED, to=address, about=change, context=context)
    record(action="affiliates.payout_address.asked", about=affiliate, actor=actor)
    return change


def _is_before_any_sale(affiliate: Affiliate) -> bool:
    """Without an address, a referred order, or any credit."""
    return not (affiliate.payout_email or affiliate.attributions.exists() or affiliate.ledger.exists())


@transaction.atomic
def withdraw_payout_email_change(*, affiliate: Affiliate, actor: User) -> bool:
    """Withdraws the affiliate's pending change. False if there is none."""
    withdrawn = _withdraw_pending(affiliate, timezone.now())
    if withdrawn:
        record(action="affiliates.payout_address.withdrawn", about=affiliate, actor=actor)
    return withdrawn


def _withdraw_pending(affiliate: Affiliate, now: datetime) -> bool:
    waiting = affiliate.payout_email_changes.filter(state=State.WAITING)
    return bool(waiting.update(state=State.WITHDRAWN, ended_at=now))


def stoppable_change(*, token: str, now: datetime) -> PayoutEmailChange | None:
    return PayoutEmailChange.objects.stoppable(hash_token(token), now)


@transaction.atomic
def stop_payout_email(*, change: PayoutEmailChange, now: datetime) -> bool:
    """Stops a change made by someone else, who knows the password: ends every session, and emails a link to set a new
    password to the sign-in address. False if the change ended in the meantime."""
    stopped = PayoutEmailChange.objects.waiting().filter(pk=change.pk, takes_effect_at__gt=now)
    if not stopped.update(state=State.STOPPED, ended_at=now):
        return False
    user = change.affiliate.user
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_sessions(user)
    send_password_link(user)
    record(action="affiliates.payout_address.stopped", about=change.affiliate, actor=None)
    return True


def apply_payout_email_changes(*, now: datetime) -> int:
    """Applies the changes whose 72 hours have passed. Returns how many."""
    return sum(
        _apply_change(change, now) for change in PayoutEmailChange.objects.due(now).select_related("affiliate__user")
    )


@transaction.atomic
def _apply_change(change: PayoutEmailChange, now: datetime) -> bool:
    if not PayoutEmailChange.objects.due(now).filter(pk=change.pk).update(state=State.DONE, ended_at=now):
        return False
    change.refresh_from_db(fields=["state"])
    affiliate = change.affiliate
    if affiliate.payout_email:
        affiliate.payout_email_changes.create(
            email=affiliate.payout_email, state=State.REPLACED, asked_at=now, takes_effect_at=now, ended_at=now
        )
    affiliate.payout_email = change.email
    affiliate.save(update_fields=["payout_email"])
    notify(PAYOUT_EMAIL_CHANGED, to=affiliate.user.email, about=change, context={"taken_away": change.email is None})
    record(action="affiliates.payout_address.changed", about=affiliate, actor=None)
    return True
