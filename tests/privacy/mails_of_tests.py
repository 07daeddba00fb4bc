"""A kind of message that nobody waits for, as the policy's notices are. It is declared for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from privacy.mail.sending import MailKind, mail_kind
from privacy.registry import mail_kinds
from privacy.registry.purposes import Purpose


@contextmanager
def declared(template: str = "contacts/inquiry_answered", **changes: Any) -> Iterator[MailKind]:
    """News about an inquiry: not transactional, unless `changes` say otherwise."""
    before = dict(mail_kinds._kinds)
    values = {
        "purpose": Purpose.ANSWER_INQUIRY,
        "about": "contacts.Inquiry",
        "transactional": False,
        "because": "nobody waits for news",
        "began": lambda inquiry: inquiry.received_at,
    }
    try:
        yield mail_kind(template, **{**values, **changes})
    finally:
        mail_kinds._kinds.clear()
        mail_kinds._kinds.update(before)
