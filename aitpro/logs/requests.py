"""What Django logs of a request that failed: its status, its route and the user, not what was typed."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.http import HttpRequest

from affiliates.tracking.visit_kinds import is_prefetch

from .activity import route_of


class RequestFilter(logging.Filter):
    """Django logs the path of each request that fails, and at times the header or parameter that it refused. All of
    them are typed, or are links that open something: the line has the status, the route's name and the user instead.

    A request that was refused, or that Django took for forged, is no error of this site: a warning of one line, as many
    as strangers send.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(record, "of_request"):
            return True  # another handler's filter was here
        if record.name.startswith("django.security."):
            record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        request, status = getattr(record, "request", None), getattr(record, "status_code", None)
        if isinstance(request, HttpRequest) and status is not None:
            record.msg, record.args = f"{HTTPStatus(status).phrase}{_reason(record)}", ()
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                record.exc_info = None
            record.of_request = {"route": route_of(request), "status": status, **_who(request)}
        return True


class UnavailableFilter(logging.Filter):
    """Django logs each 503 as an error. Here it is always an answer that the site chose (too busy, PayPal can't be
    reached): a warning, beside the line of whoever knows what broke. The answer to a prefetch is routine: no line."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE:
            return True
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return not is_prefetch(record.request)  # type: ignore[attr-defined]


def _reason(record: logging.LogRecord) -> str:
    """Why a form was refused, up to the header or the parameter that Django repeats."""
    if record.name != "django.security.csrf" or not isinstance(record.args, tuple):
        return ""
    return f" ({str(record.args[0]).partition(' - ')[0]})"


def _who(request: HttpRequest) -> dict[str, str]:
    """Its id, and that of the signed-in user if the session was loaded already: logging must not query the database."""
    told = {"request": request.META["REQUEST_ID"]} if "REQUEST_ID" in request.META else {}
    session = getattr(request, "session", None)
    try:
        user = session.get(SESSION_KEY) if session is not None and session.accessed else None
    except DatabaseError:
        return told  # the database may be the reason for this line
    return told | ({"user": str(user)} if user else {})
