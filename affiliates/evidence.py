"""The evidence for the promises that the affiliate program keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone

from privacy.encryption.models import uuid7
from privacy.erasure.heartbeat import LATE_AFTER, last_purge
from privacy.evidence.measurement import Evidence, evidence_for
from privacy.keystore.clock import clock_jump
from privacy.keystore.models import DayKey
from privacy.registry.purpose_binding import Acting, PurposeNotAllowed, acting_as, readers, uses_open_to
from privacy.registry.purposes import Audience, Purpose
from privacy.registry.query_purposes import check, refuse_undeclared
from privacy.registry.use_sentences import bind_sentences

from .models import REFERRAL_LIFE, Click, ConsentMode, StorageNotAllowed, consent_mode
from .tracking.referral_cookie import Token, set_cookie

STORED = {
    ConsentMode.SIGNAL: "the visit and a cookie, unless the browser or the visitor refuses",
    ConsentMode.ASK: "the visit and a cookie, after the visitor has said yes",
    ConsentMode.LINK: "nothing",
}


@evidence_for("referral-30-days")
def referrals_end(now: datetime) -> Evidence:
    """Broken if the purge has stopped, the clock is not trusted, a row is kept an hour too long, or a visit can be
    stored against `AFFILIATE_CONSENT`."""
    stored = Click._base_manager.order_by("expires_at").values_list("clicked_at", flat=True).first()
    purged = last_purge()
    oldest = None if stored is None else now - stored
    next_key = DayKey.objects.filter(destroyed_at=None).order_by("day").values_list("day", flat=True).first()
    jump = clock_jump(now=now)
    waits = {"the purge waits, because": str(jump)} if jump else {}
    in_time = oldest is None or oldest <= REFERRAL_LIFE + timedelta(hours=1)
    is_consent_required = _is_consent_required()
    return Evidence(
        kept=is_consent_required and jump is None and in_time and purged is not None and now - purged < LATE_AFTER,
        figures={
            **waits,
            "stored when somebody follows a link": str(STORED[consent_mode()]),
            "code that stores it without that is refused": "yes" if is_consent_required else "no",
            "age of the oldest stored referral": "none is stored" if oldest is None else f"{oldest.days} days",
            "last purge": "never" if purged is None else f"{purged:%B %-d, %Y, %H:%M} UTC",
            "next day whose key is destroyed": None if next_key is None else f"{next_key + REFERRAL_LIFE:%B %-d, %Y}",
        },
    )


def _is_consent_required() -> bool:
    """Tries to store a visit and to set its cookie against `AFFILIATE_CONSENT`: both must be refused."""
    mode, now = consent_mode(), timezone.now()
    if mode is ConsentMode.SIGNAL:
        return True
    agreed = mode is ConsentMode.LINK  # not even a yes allows it
    click = Click(affiliate_id=uuid7(), landing_path="/", clicked_at=now, expires_at=now)
    token = Token(click.pk, click.affiliate_id, now)
    attempts = (partial(click.insert, agreed=agreed), partial(set_cookie, HttpResponse(), token, agreed=agreed))
    return all(_is_refused(attempt) for attempt in attempts)


def _is_refused(attempt: Callable[[], None]) -> bool:
    try:
        with transaction.atomic():
            attempt()
            transaction.set_rollback(True)
    except StorageNotAllowed:
        return True
    return False


# What the promise allows: paying, counts that show affiliates what they are paid for, and answering the visitor.
SERVES_COMMISSION = {
    (Purpose.REFERRAL_TRACKING, Audience.SITE),
    (Purpose.REFERRAL_TRACKING, Audience.PERSON),
    (Purpose.REFERRAL_TRACKING, Audience.AFFILIATE),
    (Purpose.PRIVACY_REQUEST, Audience.SITE),
    (Purpose.PRIVACY_REQUEST, Audience.PERSON),
}


bind_sentences(
    "affiliates_click",
    SERVES_COMMISSION,
    {
        "The affiliate sees how many visits there were, never whose.": "privacy/registry/promises.py",
        "nobody; the affiliate sees a count, never a visitor": "affiliates/models/click.py",
        "It serves one thing: if you buy, the affiliate gets a commission.": "templates/affiliates/referral.html",
        "Of visitors you see how many there were": "templates/affiliates/program.html",
        "to calculate commissions and nothing else": "templates/affiliates/program.html",
    },
)


REPORTS_TO_TAX_OFFICE = {
    (Purpose.TAX_REPORTING, Audience.SITE),
    (Purpose.TAX_REPORTING, Audience.PERSON),
    (Purpose.TAX_REPORTING, Audience.STAFF),
    (Purpose.PRIVACY_REQUEST, Audience.SITE),
    (Purpose.PRIVACY_REQUEST, Audience.PERSON),
    (Purpose.PRIVACY_REQUEST, Audience.STAFF),
    (Purpose.POLICY_NOTICE, Audience.STAFF),
}


bind_sentences(
    "affiliates_legaldetails",
    REPORTS_TO_TAX_OFFICE,
    {
        "We use them for that report and for nothing else.": "affiliates/portal/profile_pages.py",
        "Affiliates are told that they are used for nothing else": "templates/affiliates/admin/yearly.html",
    },
)


@evidence_for("referral-for-commission-only")
def referrals_serve_commission(now: datetime) -> Evidence:
    """Broken if a visit opens for code without a purpose, or another purpose or audience is admitted."""
    table = Click._meta.db_table
    declared = readers(table)
    open_to = uses_open_to(table)
    strangers = [reader for reader in declared if (reader.purpose, reader.audience) not in SERVES_COMMISSION]
    is_closed = _address_is_closed_to_others() and _rows_are_closed_to_others()
    return Evidence(
        kept=is_closed and open_to == SERVES_COMMISSION and not strangers,
        figures={
            "opens for code that names no purpose": "no" if is_closed else "yes",
            "purposes it opens for": ", ".join(sorted({purpose.label for purpose, _ in open_to})),
            "places in the code that read it": ", ".join(sorted(reader.code for reader in declared)),
            "of them for another purpose": len(strangers),
        },
    )


def _address_is_closed_to_others() -> bool:
    """Tries it with an unsaved click: its address must not be readable here."""
    try:
        with acting_as(None):
            return Click(address="192.0.2.1").address is None
    except PurposeNotAllowed:
        return True


def _rows_are_closed_to_others() -> bool:
    """Tries it as a page without a declared purpose: its query must be refused, and every query must be checked."""
    try:
        refuse_undeclared(str(Click._base_manager.values("clicked_at").query), Acting("nothing"))
    except PurposeNotAllowed:
        return check in connection.execute_wrappers
    return False
