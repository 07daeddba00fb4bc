"""Checks services of the live site. The scratch copy has its own, so it wouldn't notice that one is down."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django_tasks_db.models import DBTaskResult

from privacy.mail.sending import reach_mail_server
from privacy.web.caches.availability import cache_works

from .report import FoundBreach

logger = logging.getLogger(__name__)

WAITING = timedelta(minutes=10)  # a task that is pending longer shows that no worker runs

# Promises that depend on outgoing mail.
BY_MAIL = ("contactable", "email-for-asked-contact-only", "change-notice", "access")


def not_tried_while_down(*, now: datetime) -> set[FoundBreach]:
    """What couldn't be tested because a service is down, by promise."""
    return {FoundBreach(promise, place, tried=False) for promises, place in _down(now) for promise in promises}


def _down(now: datetime) -> Iterator[tuple[tuple[str, ...], str]]:
    try:
        reach_mail_server()
    except Exception as error:
        logger.warning("the mail server could not be reached: %s", type(error).__name__)
        yield BY_MAIL, "the mail server does not respond"
    if DBTaskResult.objects.ready().filter(enqueued_at__lt=now - WAITING).exists():
        yield BY_MAIL, "the worker does not process tasks"
    if not cache_works():
        yield ("encrypted",), "the cache does not respond, so it can't be searched"
