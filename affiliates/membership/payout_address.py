"""What affiliates change about themselves. A new payout address waits 72 hours, and those before it can stop it.

Payouts go to the old address until then: it is known to be the affiliate's, and money that somebody wants to divert has
three days' notice, told to the account and to every address that was in use within 90 days. Whoever has lost the old
address is paid there at worst once; PayPal brings back what nobody takes.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.models.session import end_sessions
from accounts.passwords.link import send_password_link
from affiliates.mails import PAYOUT_EMAIL_ASKED, PAYOUT_EMAIL_CHANGED
from affiliates.models import Affiliate, PayoutEmailChange
from privacy.audit.trail import record
from privacy.encryption.normalization import normalise_email
from privacy.encryption.tokens import digest_of, new_link_token
from privacy.mail.sending import MailRefused, queue_mail

if TYPE_CHECKING:
    from accounts.models import User

HOLD = timedelta(hours=72)
State = PayoutEmailChange.State


class ChangeRefused(Exception):
    """The change can't be made; the text tells the affiliate why."""


@transaction.atomic
def ask_for_payout_email(*, affiliate: Affiliate, email: str | None, by: User) -> PayoutEmailChange:
    """By the affiliate or by staff; None takes the address away. Takes effect after `HOLD`, and replaces one that
    waits. Raises `ChangeRefused`."""
    affiliate = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    if affiliate.state == Affiliate.State.CLOSED:
        raise ChangeRefused("This account is closed.")
    if normalise_email(email or "") == normalise_email(affiliate.payout_email or ""):
        raise ChangeRefused("This is the address that your payouts go to already.")
    now, token = timezone.now(), new_link_token()
    _end_waiting(affiliate, now)
    change = PayoutEmailChange.objects.create(
        affiliate=affiliate, email=email, stop_digest=digest_of(token), asked_at=now, takes_effect_at=now + HOLD
    )
    used = PayoutEmailChange.objects.replaced(now).filter(affiliate=affiliate)
    told = [*(row.email for row in used), affiliate.payout_email, affiliate.user.email]
    for address in {normalise_email(address): address for address in told if address}.values():
        context = {"token": token, "by_staff": by.pk != affiliate.user_id, "taken_away": email is None}
        queue_mail(PAYOUT_EMAIL_ASKED, to=address, about=change, context=context)
    record(action="affiliates.payout_address.asked", about=affiliate, actor=by)
    return change


@transaction.atomic
def withdraw_payout_email(*, affiliate: Affiliate, by: User) -> bool:
    """The affiliate thinks better of it. False when nothing waits any more."""
    withdrawn = _end_waiting(affiliate, timezone.now())
    if withdrawn:
        record(action="affiliates.payout_address.withdrawn", about=affiliate, actor=by)
    return withdrawn


def _end_waiting(affiliate: Affiliate, now: datetime) -> bool:
    waiting = affiliate.payout_email_changes.filter(state=State.WAITING)
    return bool(waiting.update(state=State.WITHDRAWN, ended_at=now))


def stoppable_change(*, token: str, now: datetime) -> PayoutEmailChange | None:
    return PayoutEmailChange.objects.stoppable(digest_of(token), now)


@transaction.atomic
def stop_payout_email(*, change: PayoutEmailChange, now: datetime) -> bool:
    """It was somebody else, who knows the password: it ends, with every session, and a link to a new one is mailed to
    the sign-in address. False when the change ended meanwhile."""
    stopped = PayoutEmailChange.objects.waiting().filter(pk=change.pk, takes_effect_at__gt=now)
    if not stopped.update(state=State.STOPPED, ended_at=now):
        return False
    user = change.affiliate.user
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_sessions(user)
    with suppress(MailRefused):  # the sign-in page offers the link too
        send_password_link(user)
    record(action="affiliates.payout_address.stopped", about=change.affiliate, actor=None)
    return True


def use_new_payout_emails(*, now: datetime) -> int:
    """Puts the addresses in use whose 72 hours are over. Returns how many."""
    return sum(_use(change, now) for change in PayoutEmailChange.objects.due(now).select_related("affiliate__user"))


@transaction.atomic
def _use(change: PayoutEmailChange, now: datetime) -> bool:
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
    if affiliate.user.email:
        with suppress(MailRefused):  # the profile shows it all the same
            context = {"taken_away": change.email is None}
            queue_mail(PAYOUT_EMAIL_CHANGED, to=affiliate.user.email, about=change, context=context)
    record(action="affiliates.payout_address.changed", about=affiliate, actor=None)
    return True
