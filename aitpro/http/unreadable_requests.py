"""Rejects unreadable requests before they reach a view.

Django would answer some of it with a bare server error: its own error page reads the form once more.
"""

from __future__ import annotations

import codecs
import re

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.views.defaults import bad_request

from .error_pages import error_page

FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
_CHARSET = re.compile(r'charset\s*=\s*"?([^";\s]+)', re.IGNORECASE)
NOT_UTF_8 = "Please send this form in UTF-8.\n"


def reject_unreadable_request(request: HttpRequest) -> HttpResponse | None:
    """Parses the form, if any. A null character in the query becomes the replacement character, as in browsers, because
    PostgreSQL accepts no null."""
    request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "%EF%BF%BD")
    request.encoding = "utf-8"
    if request.method != "POST" or request.content_type not in FORMS:
        return None
    if not is_utf8(request.META.get("CONTENT_TYPE", "")):
        return HttpResponse(NOT_UTF_8, status=415, content_type="text/plain; charset=utf-8")
    try:
        request.POST  # noqa: B018  (parses it)
    except RequestDataTooBig:
        request.POST = QueryDict()
        return HttpResponse(error_page(413), status=413)
    except (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError, ValueError) as error:
        request.POST = QueryDict()
        return bad_request(request, error)
    return None


def is_utf8(content_type: str) -> bool:
    """Also if no encoding, or an unknown one, is named. No browser sends RFC 2231 parameters."""
    named = _CHARSET.search(content_type)
    if named is None:
        return "*" not in content_type
    try:
        return codecs.lookup(named[1]).name in {"utf-8", "ascii"}
    except LookupError:
        return True
