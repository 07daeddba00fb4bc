"""Scheduled work: a list of idempotent jobs. One failure doesn't stop the others.

While the clock is not believed (`privacy.erasure.heartbeat`), only those run that do nothing irreversible by it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django_tasks_db.models import DBTaskResult

from accounts.models.session import Session
from affiliates.commissions.lifecycle import approve_past_hold
from affiliates.commissions.objections import remind_of_overdue_disputes
from affiliates.membership.account_state import part_with_closed_affiliates
from affiliates.membership.notifications import mail_monthly_summaries
from affiliates.membership.payout_address import use_new_payout_emails
from affiliates.membership.terms import tell_of_new_terms
from affiliates.payouts.reconciliation import check_books_nightly
from affiliates.payouts.sending import follow_open_payouts
from affiliates.statistics.balances import fold_sums
from affiliates.statistics.click_rollups import count_visits
from affiliates.statistics.label_sales import count_label_sales
from privacy.consent.opt_out_backup import copy_missing_opt_outs
from privacy.erasure.heartbeat import purge_ran, tell_of_jump
from privacy.erasure.reapply import finish_erasures
from privacy.erasure.retention import purge_expired
from privacy.evidence.rehearsal.nightly import start_when_due
from privacy.evidence.snapshot import keep_evidence
from privacy.keystore.clock import ClockJump, beat, clock_jump
from privacy.keystore.day_keys import destroy_due_keys
from privacy.mail.address_reindex import keep_address_indexes
from privacy.mail.sending import deliver_due_mail
from privacy.models.submitted_form import forget_old_forms
from privacy.policy.notices import tell_people
from privacy.preferences.preferences import mail_waiting_choices_links
from privacy.registry.purpose_binding import Acting, acting_as
from privacy.registry.purposes import Audience, Purpose
from privacy.requests import mail_waiting_links
from privacy.web.rate_limits import forget_past_hours
from shop.payments.disputes import update_open_disputes
from shop.payments.refunds import finish_open_refunds
from shop.payments.settlement import settle_open_payments
from shop.reconciliation.reconcile import reconcile_payments
from shop.webhooks.processing import handle_open_events

TASKS_KEPT = timedelta(days=7)  # kept after completion, to investigate failures

logger = logging.getLogger(__name__)


def _purge(now: datetime) -> int:
    purged = sum(purge_expired(now=now).values())
    purge_ran(now=now)
    return purged


def _end_sessions(now: datetime) -> int:
    return Session.objects.expired(now).delete()[0]


def _forget_tasks(now: datetime) -> int:
    return DBTaskResult.objects.finished().filter(finished_at__lt=now - TASKS_KEPT).delete()[0]


STEPS: dict[str, Callable[[datetime], int]] = {
    "visits counted": lambda now: count_visits(now=now),
    "sales counted by label": lambda now: count_label_sales(),  # before the purge, which deletes the labels
    "expired rows purged": _purge,
    "day keys destroyed": lambda now: destroy_due_keys(now=now),
    "erasures finished": lambda now: finish_erasures(now=now),
    "addresses indexed": lambda now: keep_address_indexes(now=now),
    "opt-outs copied": lambda now: copy_missing_opt_outs(now=now),
    "sessions ended": _end_sessions,
    "finished tasks forgotten": _forget_tasks,
    "notices of a policy change": lambda now: tell_people(now=now),
    "forms sent forgotten": lambda now: forget_old_forms(now=now),
    "past hours of limits forgotten": lambda now: forget_past_hours(now=now),
    "links to privacy requests": lambda now: mail_waiting_links(now=now),
    "links to choices": lambda now: mail_waiting_choices_links(now=now),
    "mails due": lambda now: deliver_due_mail(now=now),
    "messages from PayPal done again": lambda now: handle_open_events(now=now),
    "payments looked at": lambda now: settle_open_payments(now=now),
    "refunds looked at": lambda now: finish_open_refunds(),
    "disputes looked at": lambda now: update_open_disputes(now=now),
    "payments compared with PayPal": lambda now: reconcile_payments(now=now),
    "commissions past their hold": lambda now: approve_past_hold(now=now),
    "payout runs looked at": lambda now: follow_open_payouts(now=now),
    "overdue objections told to staff": lambda now: remind_of_overdue_disputes(now=now),
    "payout addresses changed": lambda now: use_new_payout_emails(now=now),
    "affiliates told of new terms": lambda now: tell_of_new_terms(now=now),
    "monthly summaries mailed": lambda now: mail_monthly_summaries(now=now),
    "closed affiliates parted with": lambda now: part_with_closed_affiliates(now=now),
    "books compared": lambda now: check_books_nightly(now=now),
    "sums folded": lambda now: fold_sums(now=now),
    "rehearsals started": lambda now: start_when_due(now=now),
    "promises that are broken": lambda now: keep_evidence(now=now),  # last: it measures the results of the others
}
# The purposes of each job. Jobs that aren't listed protect, expire or measure rows.
AFFILIATES = {Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING}
ACTS_FOR: dict[str, set[Purpose]] = {
    "visits counted": {Purpose.REFERRAL_TRACKING},
    "sales counted by label": AFFILIATES,
    "expired rows purged": set(),
    "day keys destroyed": set(),
    "erasures finished": set(),
    "addresses indexed": set(),
    "opt-outs copied": set(),
    "sessions ended": set(),
    "finished tasks forgotten": set(),
    "notices of a policy change": {Purpose.POLICY_NOTICE},
    "forms sent forgotten": set(),
    "past hours of limits forgotten": set(),
    "links to privacy requests": {Purpose.PRIVACY_REQUEST},
    "links to choices": {Purpose.PRIVACY_REQUEST},
    "mails due": set(),
    "messages from PayPal done again": {Purpose.ORDER},
    "payments looked at": {Purpose.ORDER},
    "refunds looked at": {Purpose.ORDER},
    "disputes looked at": {Purpose.ORDER},
    "payments compared with PayPal": {Purpose.ORDER},
    "commissions past their hold": AFFILIATES,
    "payout runs looked at": AFFILIATES,
    "overdue objections told to staff": AFFILIATES,
    "payout addresses changed": AFFILIATES,
    "affiliates told of new terms": AFFILIATES,
    "monthly summaries mailed": AFFILIATES,
    "closed affiliates parted with": AFFILIATES,
    "books compared": AFFILIATES,
    "sums folded": AFFILIATES,
    "rehearsals started": set(),
    "promises that are broken": set(),
}
WHATEVER_THE_CLOCK = {"visits counted", "sales counted by label", "mails due", "promises that are broken"}


def housekeep(*, now: datetime) -> dict[str, int | None]:
    """Runs every job, or after a clock jump those that don't depend on the clock. Returns each job's count, or None for
    a failed one, which is logged."""
    jump = clock_jump(now=now)
    if jump is None:
        beat(now=now)
    else:
        _warn(jump, now)
    return {name: _run(name, step, now) for name, step in STEPS.items() if jump is None or name in WHATEVER_THE_CLOCK}


def _warn(jump: ClockJump, now: datetime) -> None:
    """A failing alert must not stop the jobs."""
    logger.error("housekeeping: %s; whatever is done by the clock waits", jump)
    try:
        tell_of_jump(jump, now=now)
    except Exception:
        logger.exception("housekeeping: staff could not be told of the clock")


def _run(name: str, step: Callable[[datetime], int], now: datetime) -> int | None:
    purposes = ACTS_FOR[name]
    uses = frozenset((purpose, audience) for purpose in purposes for audience in (Audience.SITE, Audience.PERSON))
    try:
        with acting_as(Acting(f"housekeeping: {name}", uses, upkeep=not purposes)):
            return step(now)
    except Exception:
        logger.exception("housekeeping: %s failed", name)
        return None
