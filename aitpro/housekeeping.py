"""Scheduled work: a list of idempotent jobs. One failure doesn't stop the others.

While the clock is not believed (`privacy.erasure.heartbeat`), only those run that do nothing irreversible by it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import NamedTuple

from accounts.models.session import Session
from affiliates.commissions.lifecycle import approve_past_hold
from affiliates.commissions.objections import remind_of_overdue_objections
from affiliates.commissions.rate_notices import announce_rate_changes
from affiliates.endpoints.delivery import deliver_due
from affiliates.membership.account_state import anonymize_closed_affiliates
from affiliates.membership.announcements import mail_announcements
from affiliates.membership.notifications import mail_monthly_summaries
from affiliates.membership.payout_address import apply_payout_email_changes
from affiliates.membership.terms import announce_new_terms
from affiliates.moving_in.notices import notify_moved_affiliates
from affiliates.payouts.reconciliation import compare_payouts, reconcile_ledger_nightly
from affiliates.payouts.sending import follow_open_payouts
from affiliates.statistics.balances import merge_balance_rows
from affiliates.statistics.click_rollups import count_visits
from affiliates.statistics.day_sums import sum_commissions
from affiliates.statistics.label_sales import count_label_sales
from aitpro.health.job_runs import measured, store_runs
from aitpro.health.watch import notify_of_stopped_worker
from clients.quotes.decisions import expire_quotes
from clients.quotes.payments import make_dated_installments_due, remind_of_installments
from clients.quotes.reminders import remind_of_quotes
from contacts.incoming_mail.intake import process_received_mail
from contacts.incoming_mail.mailbox import fetch_mail
from privacy.consent.opt_out_backup import copy_missing_opt_outs
from privacy.databases.outages import databases_answer, is_outage, reason_of
from privacy.erasure.heartbeat import notify_of_clock_jump, record_purge
from privacy.erasure.pruning import SECONDS, delete_in_batches, prune_old_rows
from privacy.erasure.reapply import finish_erasures
from privacy.erasure.retention import purge_expired
from privacy.evidence.rehearsal.nightly import start_when_due
from privacy.evidence.snapshot import refresh_evidence
from privacy.keystore.clock import ClockJump, beat, clock_jump
from privacy.keystore.day_keys import destroy_due_keys
from privacy.mail.address_reindex import keep_address_indexes
from privacy.mail.sending import deliver_due_mail
from privacy.policy.notices import send_pending_notices
from privacy.preferences.preferences import mail_pending_preferences_links
from privacy.registry.growth import PRUNING, PURGE
from privacy.registry.purpose_binding import Acting, acting_as
from privacy.registry.purposes import Audience, Purpose
from privacy.requests import delete_reported, mail_waiting_links
from privacy.web.rate_limits import delete_expired_slots
from shop.delivery.release_notices import mail_release_notices
from shop.discounts.places import release_expired_places
from shop.moving_in.notices import notify_moved_buyers
from shop.payments.disputes import update_open_disputes
from shop.payments.refunds import finish_open_refunds
from shop.payments.settlement import settle_open_payments
from shop.reconciliation.reconcile import reconcile_payments
from shop.reports.day_sums import sum_sales
from shop.webhooks.processing import handle_open_events

from .logs.activity import Activity, during

logger = logging.getLogger(__name__)


def _purge(now: datetime) -> int:
    purged = sum(purge_expired(now=now).values())
    record_purge(now=now)
    return purged


def _end_sessions(now: datetime) -> int:
    return delete_in_batches(Session.objects.expired(now), until=monotonic() + SECONDS)


class Lane(StrEnum):
    """Jobs that may wait for another server keep only each other waiting. What was promised to people is done first,
    and with `--every` at its own pace, however long PayPal or the mail server is silent."""

    HERE = "here"  # asks no other server
    MAILBOX = "mailbox"
    PAYPAL = "paypal"


class Job(NamedTuple):
    """`run` takes the time and returns how many rows it worked on. A job without purposes protects, expires or measures
    rows. After a clock jump only those run whose result doesn't depend on the clock."""

    run: Callable[[datetime], int]
    acts_for: frozenset[Purpose] = frozenset()
    despite_clock: bool = False
    lane: Lane = Lane.HERE


REFERRALS = frozenset({Purpose.REFERRAL_TRACKING})
REQUESTS = frozenset({Purpose.PRIVACY_REQUEST})
NOTICES = frozenset({Purpose.POLICY_NOTICE})
AFFILIATES = frozenset({Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING})
CORRESPONDENCE = frozenset({Purpose.ANSWER_INQUIRY, Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST})
ORDERS = frozenset({Purpose.ORDER})
RELEASES = frozenset({Purpose.RELEASE_NEWS})
QUOTES = frozenset({Purpose.QUOTE})
REMINDERS = frozenset({Purpose.QUOTE_REMINDERS})

JOBS: dict[str, Job] = {
    "visits counted": Job(lambda now: count_visits(now=now), REFERRALS, despite_clock=True),
    # Before the purge, which deletes the labels.
    "sales counted by label": Job(lambda now: count_label_sales(), AFFILIATES, despite_clock=True),
    PURGE: Job(_purge),
    "day keys destroyed": Job(lambda now: destroy_due_keys(now=now)),
    "erasures finished": Job(lambda now: finish_erasures(now=now)),
    "addresses indexed": Job(lambda now: keep_address_indexes(now=now)),
    "opt-outs copied": Job(lambda now: copy_missing_opt_outs(now=now)),
    "sessions ended": Job(_end_sessions),
    PRUNING: Job(lambda now: prune_old_rows(now=now)),
    "people notified of a new policy": Job(lambda now: send_pending_notices(now=now), NOTICES),
    "past rate limits deleted": Job(lambda now: delete_expired_slots(now=now)),
    "privacy request links mailed": Job(lambda now: mail_waiting_links(now=now), REQUESTS),
    "data deleted after its report": Job(lambda now: delete_reported(now=now), REQUESTS),
    "preferences links mailed": Job(lambda now: mail_pending_preferences_links(now=now), REQUESTS),
    "received mails read": Job(lambda now: process_received_mail(now=now), CORRESPONDENCE),
    "moved affiliates notified": Job(lambda now: notify_moved_affiliates(now=now), AFFILIATES),
    "moved buyers notified": Job(lambda now: notify_moved_buyers(now=now), ORDERS),
    "mails due": Job(lambda now: deliver_due_mail(now=now), despite_clock=True),
    "discount codes released": Job(lambda now: release_expired_places(now=now), ORDERS),
    "installments due": Job(lambda now: make_dated_installments_due(now=now), ORDERS),
    "installments reminded of": Job(lambda now: remind_of_installments(now=now), ORDERS),
    "release notices mailed": Job(lambda now: mail_release_notices(now=now), RELEASES),
    # Before the reminders, so that nobody is reminded of what is over.
    "quotes expired": Job(lambda now: expire_quotes(now=now), QUOTES),
    "quote reminders mailed": Job(lambda now: remind_of_quotes(now=now), REMINDERS),
    "commissions past their hold": Job(lambda now: approve_past_hold(now=now), AFFILIATES),
    "overdue objections reported": Job(lambda now: remind_of_overdue_objections(now=now), AFFILIATES),
    "payout addresses changed": Job(lambda now: apply_payout_email_changes(now=now), AFFILIATES),
    "affiliates notified of new terms": Job(lambda now: announce_new_terms(now=now), AFFILIATES),
    "affiliates notified of new rates": Job(lambda now: announce_rate_changes(now=now), AFFILIATES),
    "monthly summaries mailed": Job(lambda now: mail_monthly_summaries(now=now), AFFILIATES),
    "announcements mailed": Job(lambda now: mail_announcements(now=now), AFFILIATES),
    "events for endpoints due": Job(lambda now: deliver_due(now=now), AFFILIATES),
    "closed affiliates anonymized": Job(lambda now: anonymize_closed_affiliates(now=now), AFFILIATES),
    "ledger reconciled": Job(lambda now: reconcile_ledger_nightly(now=now), AFFILIATES),
    "balances folded": Job(lambda now: merge_balance_rows(now=now), AFFILIATES),
    # Separate, so that each reads for its own purpose.
    "finished days summed": Job(lambda now: sum_sales(now=now), ORDERS | AFFILIATES),
    "commissions summed": Job(lambda now: sum_commissions(now=now), AFFILIATES),
    "rehearsals started": Job(lambda now: start_when_due(now=now)),
    # The last of its lane: it measures the results of the others.
    "broken promises": Job(lambda now: refresh_evidence(now=now), despite_clock=True),
    "worker watched": Job(lambda now: notify_of_stopped_worker(now=now), despite_clock=True, lane=Lane.MAILBOX),
    "mailbox read": Job(lambda now: fetch_mail(now=now), CORRESPONDENCE, lane=Lane.MAILBOX),
    "webhook events retried": Job(lambda now: handle_open_events(now=now), ORDERS, lane=Lane.PAYPAL),
    "payments updated": Job(lambda now: settle_open_payments(now=now), ORDERS, lane=Lane.PAYPAL),
    "refunds updated": Job(lambda now: finish_open_refunds(), ORDERS, lane=Lane.PAYPAL),
    "disputes updated": Job(lambda now: update_open_disputes(now=now), ORDERS, lane=Lane.PAYPAL),
    "payments reconciled with PayPal": Job(lambda now: reconcile_payments(now=now), ORDERS, lane=Lane.PAYPAL),
    "payout runs updated": Job(lambda now: follow_open_payouts(now=now), AFFILIATES, lane=Lane.PAYPAL),
    "payouts compared with PayPal": Job(lambda now: compare_payouts(now=now), AFFILIATES, lane=Lane.PAYPAL),
}


def housekeep(*, now: datetime, lanes: Sequence[Lane] = tuple(Lane)) -> dict[str, int | None]:
    """Runs every job of these lanes, one lane after the other, or after a clock jump those that don't depend on the
    clock. Returns each job's count, or None for a failed one, which is logged. Raises the error of a database that
    doesn't answer: no job can run."""
    with during(Activity("round")):
        jump = clock_jump(now=now)
        if Lane.HERE in lanes:
            if jump is None:
                beat(now=now)
            else:
                _warn(jump, now)
        jobs = [(name, job) for lane in lanes for name, job in JOBS.items() if job.lane is lane]
        done = {name: _run(name, job, now) for name, job in jobs if jump is None or job.despite_clock}
        store_runs(now=now)
        return done


def _warn(jump: ClockJump, now: datetime) -> None:
    """A failing alert must not stop the jobs."""
    logger.error("housekeeping: %s; whatever is done by the clock waits", jump)
    try:
        notify_of_clock_jump(jump, now=now)
    except Exception:
        logger.exception("housekeeping: staff could not be told of the clock")


def _run(name: str, job: Job, now: datetime) -> int | None:
    uses = frozenset((purpose, audience) for purpose in job.acts_for for audience in (Audience.SITE, Audience.PERSON))
    try:
        with measured(name), acting_as(Acting(f"housekeeping: {name}", uses, upkeep=not job.acts_for)):
            return job.run(now)
    except Exception as error:
        if not is_outage(error):
            logger.exception("housekeeping: %s failed", name)
        elif databases_answer():  # full, locked: other jobs may work
            logger.error("housekeeping: %s failed: the database can't be used (%s)", name, reason_of(error))
        else:
            raise
        return None
