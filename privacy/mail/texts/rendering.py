"""The HTML of a mail: with the text of staff, else from the operator's template, else as it ships.

Whatever is wrong with the first two, the mail is sent: with the shipped text, and staff see a task.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from privacy.models import MailText
from privacy.models.consent import MailTally, count_mail
from privacy.registry.mail_kinds import MailKind

from .language import body_html, names_in, subject_html
from .shipped import shipped_text, template_name

logger = logging.getLogger(__name__)

LATELY = timedelta(days=7)
OPERATORS = "mails"  # the name of the template engine with the folder MAIL_TEMPLATES


class IncompleteMail(ValueError):
    """A mail without something that the shipped one contains."""


def render_mail(kind: MailKind, context: Mapping[str, Any]) -> str:
    """A complete HTML document. Its title is the subject."""
    shipped = render_to_string(template_name(kind.template), {**context})
    text = MailText.objects.filter(kind=kind.template).first()
    if text is not None and text.is_own:
        return _or_shipped(kind, shipped, lambda: render_text(kind.template, text.subject, text.body, context))
    if settings.MAIL_TEMPLATES and Path(settings.MAIL_TEMPLATES, template_name(kind.template)).is_file():
        return _or_shipped(
            kind, shipped, lambda: render_to_string(template_name(kind.template), {**context}, using=OPERATORS)
        )
    return shipped


def render_text(kind: str, subject: str, body: str, context: Mapping[str, Any]) -> str:
    """The mail with this text; where it is empty, with the shipped one. Raises `KeyError` for an unknown variable."""
    shipped = shipped_text(kind)
    subject, body = subject or shipped.subject, body or shipped.body
    values = shipped.values(names_in(subject) | names_in(body), context)
    return shipped.with_text(subject=subject_html(subject, values), body=body_html(body, values), context=context)


def sample_text(kind: str, subject: str, body: str) -> dict[str, SafeString]:
    """Subject and body with made-up data; where they are empty, of the shipped text."""
    shipped = shipped_text(kind)
    samples = shipped.samples()
    return {
        "subject": subject_html(subject or shipped.subject, samples),
        "body": body_html(body or shipped.body, samples),
    }


def render_sample(kind: str, subject: str, body: str) -> str:
    """The whole mail with made-up data."""
    made_up = {"preferences_url": f"{settings.SITE_URL}/made-up/"}
    context = {"business": settings.BUSINESS, "site_url": settings.SITE_URL, **made_up}
    return shipped_text(kind).with_text(**sample_text(kind, subject, body), context=context)


def kinds_with_failed_text(now: datetime) -> set[str]:
    """The kinds that were sent with the shipped text lately, because the edited text or template failed."""
    failed = MailTally.objects.filter(outcome=MailTally.Outcome.SHIPPED, day__gte=(now - LATELY).date())
    return set(failed.values_list("kind", flat=True))


def _or_shipped(kind: MailKind, shipped: str, render: Callable[[], str]) -> str:
    try:
        html = render()
        _require_complete(html, shipped)
    except Exception as error:  # its text may name the person, so it isn't logged
        logger.error("mail %s is sent with the shipped text: %s", kind.template, type(error).__name__)
        shipped_instead = MailTally.Outcome.SHIPPED
        count_mail(kind=kind.template, purpose=kind.purpose, outcome=shipped_instead, day=timezone.now().date())
        return shipped
    return html


def _require_complete(html: str, shipped: str) -> None:
    """Each link of the shipped mail, with the unsubscribe link, and the legal identity. Raises `IncompleteMail`."""
    own, original = BeautifulSoup(html, "html.parser"), BeautifulSoup(shipped, "html.parser")
    words = " ".join(own.get_text(" ").split())
    identity = [settings.BUSINESS["name"], settings.BUSINESS["address"]]
    if own.title is None or not own.title.get_text().strip():
        raise IncompleteMail("it has no subject")
    if {link["href"] for link in original("a")} - {link.get("href") for link in own("a")}:
        raise IncompleteMail("a link is missing")
    if not all(" ".join(line.split()) in words for line in identity):
        raise IncompleteMail("the legal identity is missing")
