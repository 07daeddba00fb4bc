"""Reading requests and writing responses of the API."""

import json
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .errors import ApiError, Json, malformed


def read_json(request: HttpRequest) -> Json:
    """The body's JSON object; an empty body counts as `{}`."""
    if not request.body.strip():
        return {}
    if request.content_type != "application/json":
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE")
    try:
        data = json.loads(request.body)
    except ValueError:
        raise malformed("MALFORMED_REQUEST_JSON") from None
    if not isinstance(data, dict):
        raise malformed("MALFORMED_REQUEST_JSON")
    return cast(Json, data)


def json_answer(body: Json, status: int = 200) -> HttpResponse:
    """A JSON response in UTF-8, without escapes."""
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type="application/json")


def wants_all(request: HttpRequest) -> bool:
    """Whether `Prefer: return=representation` asks for the whole object."""
    return "return=representation" in request.headers.get("Prefer", "").replace(" ", "")


def link(path: str, rel: str, method: str = "GET") -> Json:
    """A link to the stand-in itself."""
    return {"href": f"{settings.BASE_URL}{path}", "rel": rel, "method": method}


def by_method(**views: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """One path, a view per HTTP method."""

    def dispatch(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        view = views.get(str(request.method).lower())
        if view is None:
            return HttpResponse(status=405, headers={"Allow": ", ".join(sorted(views)).upper()})
        return view(request, *args, **kwargs)

    return dispatch
