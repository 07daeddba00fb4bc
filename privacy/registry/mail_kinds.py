"""The kinds of message there are. Each app declares its own in `mails.py`, which start-up finds by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from .declarations import PersonalData, declaration_for
from .purposes import Purpose


def own_address(about: Any) -> list[str | None]:
    return [about.email]


def business_address(about: Any) -> list[str | None]:
    """For messages to staff."""
    return [settings.BUSINESS["email"]]


@dataclass(frozen=True, kw_only=True)
class MailKind:
    """`template` names `templates/<app>/mail/<name>.subject.txt`, `.txt`, `.html`; `about` the model of the reason."""

    template: str
    purpose: Purpose
    about: str
    transactional: bool  # the person waits for it; all others carry a one-click opt-out (RFC 8058)
    because: str  # why it is the one or the other
    live: Callable[[Any], bool]
    recipients: Callable[[Any], Iterable[str | None]] = (
        own_address  # stored with what it is about; it goes nowhere else
    )
    despite_opt_out: bool = False  # the person asked for exactly this message a moment ago
    holds_link: bool = False  # one that lets its reader act: the text is forgotten once it is delivered
    began: Callable[[Any], datetime] | None = None  # when the person gave the address for this: a later opt-out ends it
    # How we know that whoever reads it gave the address. Without that, anybody may have typed it, and the message shows
    # no text that was typed into a form (`ByStrangers`), except columns that staff filled in.
    confirmed: str = ""
    shows: frozenset[str] = frozenset()


class ByStrangers:
    """A row as the template of a message to an unconfirmed address sees it: its personal columns are not there, nor are
    those of the rows it leads to. Otherwise this site would mail a stranger's words to anybody."""

    def __init__(self, row: models.Model, shows: frozenset[str] = frozenset()) -> None:
        declaration = declaration_for(row._meta.db_table)
        self._row = row
        self._hidden = {*declaration.columns} - shows if isinstance(declaration, PersonalData) else set()

    def __getattr__(self, name: str) -> Any:
        if name in self._hidden:
            raise AttributeError(f"{name} was typed by somebody who may not own the address")
        value = getattr(self._row, name)
        return ByStrangers(value) if isinstance(value, models.Model) else value


_kinds: dict[str, MailKind] = {}


def mail_kind(
    template: str,
    *,
    purpose: Purpose,
    about: str,
    transactional: bool,
    because: str,
    live: Callable[[Any], bool] = lambda reason: True,
    **further: Any,
) -> MailKind:
    """Declares a kind of message, at the import of an app's `mails.py`. Raises `ImproperlyConfigured`."""
    if further.get("despite_opt_out") and not transactional:
        raise ImproperlyConfigured(f"{template}: what nobody waits for is not sent despite an opt-out.")
    if not because:
        raise ImproperlyConfigured(f"{template}: say in because why it is transactional, or why not.")
    kind = MailKind(
        template=template,
        purpose=purpose,
        about=about,
        transactional=transactional,
        because=because,
        live=live,
        **further,
    )
    _kinds[template] = kind
    return kind


def kind_named(template: str) -> MailKind:
    """Raises `KeyError` for a kind that no app declares (any more)."""
    return _kinds[template]


def all_kinds() -> Iterator[MailKind]:
    return iter(_kinds.values())
