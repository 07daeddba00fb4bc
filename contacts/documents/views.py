"""The page behind the link to a document."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.generic import View

from contacts.models import Document

from .sharing import document_behind, fetch_document


@method_decorator(never_cache, name="dispatch")
class DocumentView(View):
    """The file behind the link in our mail, to be saved, never shown within this site."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        document = document_behind(token, now=now)
        if document is None:
            raise Http404("This link is over, or was replaced by a newer one.")
        if request.method == "HEAD":  # a program looks where the link leads; nobody has read anything
            response = download(document, b"")
            response.headers["Content-Length"] = document.size
            return response
        return download(document, fetch_document(document=document, now=now, actor=None))


def download(document: Document, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=document.content_type)
    # Never kept by a proxy or the browser's cache; the name may hold any letter.
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Content-Disposition"] = content_disposition_header(True, document.file_name) or "attachment"
    return response
