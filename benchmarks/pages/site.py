"""The site as gunicorn serves it, and below `/bare/` its floor: a view of a Django project without middleware, which
answers with the bytes of the page of the same path, plain and compressed once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings_served"

from aitpro.wsgi import application as site  # isort: skip  (sets Django up)

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.text import compress_string

from privacy.evidence.served_pages import serve

BARE = "/bare"


@cache
def _bodies(path: str) -> tuple[bytes, bytes]:
    response = serve(path)
    assert isinstance(response, HttpResponse), path
    assert response.status_code == 200, path
    return response.content, compress_string(response.content)


def bare(request: HttpRequest) -> HttpResponse:
    plain, packed = _bodies(request.path.removeprefix(BARE))
    if "gzip" not in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        return HttpResponse(plain, headers={"Content-Length": str(len(plain))})
    return HttpResponse(packed, headers={"Content-Length": str(len(packed)), "Content-Encoding": "gzip"})


urlpatterns = [path("bare/", bare), path("bare/<path:page>/", lambda request, page: bare(request))]
urlpatterns += [path("", include("aitpro.urls"))]
whole, settings.MIDDLEWARE = settings.MIDDLEWARE, []
_floor = WSGIHandler()  # reads its middleware when it is made
settings.MIDDLEWARE, settings.ROOT_URLCONF = whole, "benchmarks.pages.site"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return (_floor if environ["PATH_INFO"].startswith(BARE) else site)(environ, start_response)
