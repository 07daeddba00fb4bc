"""`/mail/`: the mails that the demo has sent, as people see them.

They contain links that are credentials, so these addresses exist only where `settings.MAIL_PREVIEW` is on: in the demo,
on this computer (aitpro/settings.py). `manage.py check --deploy` refuses it.
"""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from itertools import islice
from pathlib import Path

from csp.constants import SELF
from csp.decorators import csp, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin

from privacy.web.mail_page import MAIL_POLICY, with_links_in_new_tabs

LATEST = 200  # mails in the list
END_OF_MAIL = b"\n" + b"-" * 79 + b"\n"  # written by Django's file backend
HEADERS = ("Date", "From", "To", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-ID")


@dataclass(frozen=True)
class SentMail:
    """`number` names its file and its place in it."""

    number: str
    message: EmailMessage

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(self.message[name])) for name in HEADERS if self.message[name]]

    @property
    def to(self) -> str:
        return str(self.message["To"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def part(self, subtype: str) -> str:
        """The content of the part `text/<subtype>`; empty without one."""
        body = self.message.get_body((subtype,))
        return str(body.get_content()) if body else ""


def sent_mails() -> Iterator[SentMail]:
    """Newest first. A mail that is just being written is left out."""
    folder = Path(settings.MAILERS["default"]["OPTIONS"]["file_path"])
    for file in sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns, reverse=True):
        contents = file.read_bytes().split(END_OF_MAIL)[:-1]
        for place in reversed(range(len(contents))):
            message = message_from_bytes(contents[place], _class=EmailMessage, policy=email.policy.default)
            yield SentMail(f"{file.stem}-{place}", message)


def sent_mail(number: str) -> SentMail:
    """Compared with what is in the folder, so that no typed number becomes a path. Raises `Http404`."""
    for mail in sent_mails():
        if mail.number == number:
            return mail
    raise Http404


@never_cache
def mail_list(request: HttpRequest) -> HttpResponse:
    return render(request, "aitpro/mail_preview/list.html", {"mails": list(islice(sent_mails(), LATEST))})


@never_cache
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]
def mail_page(request: HttpRequest, number: str) -> HttpResponse:
    mail = sent_mail(number)
    return render(request, "aitpro/mail_preview/mail.html", {"mail": mail, "text": mail.part("plain")})


@never_cache
@xframe_options_sameorigin
@csp(MAIL_POLICY)  # type: ignore[arg-type]
def mail_html(request: HttpRequest, number: str) -> HttpResponse:
    """The HTML part in a sandbox. Its links open in a new tab, as in a mail program."""
    return HttpResponse(with_links_in_new_tabs(sent_mail(number).part("html")))


urlpatterns = [
    path("mail/", mail_list, name="mail"),
    path("mail/<slug:number>/", mail_page, name="mail_page"),
    path("mail/<slug:number>/html/", mail_html, name="mail_html"),
]
