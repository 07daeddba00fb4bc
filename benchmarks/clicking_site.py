"""The site as gunicorn serves it, and in the same processes a bare page that does one raw INSERT.

`/bare/` goes through the site's middleware like a click, `/bare/unguarded/` through none: no page of this site does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.clicking_settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402

from privacy.sealed_models import uuid7  # noqa: E402


def bare(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO benchmarks_plainperson (id, email) VALUES (%s, %s)", [uuid7().hex, timezone.now().isoformat()]
        )
    return HttpResponse("counted", headers={"Content-Length": "7"})


urlpatterns = [path("bare/", bare), path("bare/unguarded/", bare), path("", include("aitpro.urls"))]
_site = WSGIHandler()
_middleware, settings.MIDDLEWARE = settings.MIDDLEWARE, []
_unguarded = WSGIHandler()
settings.MIDDLEWARE = _middleware


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    handler = _unguarded if environ["PATH_INFO"] == "/bare/unguarded/" else _site
    return handler(environ, start_response)
