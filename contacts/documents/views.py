"""The download page of a document."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.generic import View

from contacts.models import Attachment, Document

from .sharing import document_behind, fetch_document

BINARY = "application/octet-stream"


@method_decorator(never_cache, name="dispatch")
class DocumentView(View):
    """The document behind an emailed link, always as an attachment."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        document = document_behind(token, now=now)
        if document is None:
            raise Http404("This link has expired, or was replaced by a newer one.")
        if request.method == "HEAD":  # a link check, not a download
            response = download(document, b"")
            response.headers["Content-Length"] = document.size
            return response
        return download(document, fetch_document(document=document, now=now, actor=None))


def download(document: Document | Attachment, content: bytes) -> HttpResponse:
    """A file from an email has no type that a browser could show."""
    from_mail = isinstance(document, Attachment) and document.incoming_mail_id is not None
    return download_as(document.file_name, content, content_type=BINARY if from_mail else document.content_type)


def download_as(name: str, content: bytes, *, content_type: str) -> HttpResponse:
    """Always as an attachment, and never cached. The name may contain any character."""
    response = HttpResponse(content, content_type=content_type)
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
