"""The site as served by gunicorn, with the pages that it is compared with in the same processes.

- `/bare/row/`: a page of a Django project without middleware, with one raw INSERT of a row as long as a click's.
- `/bare/smallest/`: the same with a row of two columns.
- `/bare/hasty/`: the first, waiting for the disk as little as a click does.
- `/bare/guarded/`: the first, behind the site's middleware as its other pages are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.clicking.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402

from affiliates.models.async_commit import insert_asynchronously  # noqa: E402
from privacy.encryption.models import uuid7  # noqa: E402

TABLE, COLUMNS = (
    "benchmarks_plainclick",
    ["id", "affiliate_id", "cookie_digest", "address", "landing_path", "referring_domain", "sub", "clicked_at"]
    + ["expires_at", "counted"],
)
INSERT = f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608
AFFILIATE = uuid7()  # one affiliate for all rows, as for the clicks


def row(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, _values(request))
    return _counted()


def hasty(request: HttpRequest) -> HttpResponse:
    insert_asynchronously(TABLE, COLUMNS, _values(request))
    return _counted()


def _values(request: HttpRequest) -> list[Any]:
    now = timezone.now()
    agent, source = request.META["HTTP_USER_AGENT"], request.META["HTTP_REFERER"]
    values = [_key(uuid7()), _key(AFFILIATE), "d" * 64, agent[:64], request.path, source, request.GET.get("sub", "")]
    return [*values, now.isoformat(), (now + timedelta(days=30)).isoformat(), False]


def smallest(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO benchmarks_plainperson (id, email) VALUES (%s, %s)",
            [_key(uuid7()), timezone.now().isoformat()],
        )
    return _counted()


def _key(number: UUID) -> str:
    return number.hex


def _counted() -> HttpResponse:
    return HttpResponse("counted", headers={"Content-Length": "7"})


urlpatterns = [
    path("bare/row/", row),
    path("bare/smallest/", smallest),
    path("bare/hasty/", hasty),
    path("bare/guarded/", row),
    path("", include("aitpro.urls")),
]


def _handler(middleware: list[str]) -> WSGIHandler:
    """A handler with this middleware, which Django reads when it creates the handler."""
    whole, settings.MIDDLEWARE = settings.MIDDLEWARE, middleware
    try:
        return WSGIHandler()
    finally:
        settings.MIDDLEWARE = whole


_site = _handler(settings.MIDDLEWARE)
_bare = _handler([])
_others = dict.fromkeys(("/bare/row/", "/bare/smallest/", "/bare/hasty/"), _bare)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return _others.get(environ["PATH_INFO"], _site)(environ, start_response)
