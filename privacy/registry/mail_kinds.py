"""Mail kinds. Each app declares its own in `mails.py`, which is discovered like `admin.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
    """Recipients of mail to staff."""
    return [settings.BUSINESS["email"]]


@dataclass(frozen=True, kw_only=True)
class MailKind:
    """One type of mail. `template`, `app/name`, stands for `templates/<app>/mail/<name>.html`; `about` is the model of
    the row that is the mail's reason."""

    template: str
    purpose: Purpose
    about: str
    transactional: bool  # the person expects it; all others have one-click unsubscribe (RFC 8058)
    because: str  # why it is transactional, or not
    live: Callable[[Any], bool]
    recipients: Callable[[Any], Iterable[str | None]] = (
        own_address  # addresses stored with the reason; it goes nowhere else
    )
    despite_opt_out: bool = False  # the person just requested this mail
    names_colleague: bool = False  # says who on the staff sends it
    written_by_staff: bool = False  # its text is a person's, so it isn't marked as automatic (RFC 3834)
    # Message-IDs of the mails that it answers, oldest first, all from its recipient.
    answers: Callable[[Any], Sequence[str]] | None = None
    holds_link: bool = False  # a private link: the text is removed after delivery
    began: Callable[[Any], datetime] | None = None  # when the person gave the address; a later opt-out stops the mail
    # How we know that the recipient gave the address. If empty, anyone may have typed it, and the mail shows no text
    # that was typed into a form (`ByStrangers`), except the columns in `shows`.
    confirmed: str = ""
    shows: frozenset[str] = frozenset()


class ByStrangers:
    """A row for the template of a mail to an unconfirmed address: personal columns, also of related rows, are hidden,
    so that strangers can't make the site mail their text to anyone."""

    def __init__(self, row: models.Model, shows: frozenset[str] = frozenset()) -> None:
        declaration = declaration_for(row._meta.db_table)
        self._row = row
        self._hidden = {*declaration.columns} - shows if isinstance(declaration, PersonalData) else set()

    def __getattr__(self, name: str) -> Any:
        if name in self._hidden:
            raise AttributeError(f"{name} was typed by someone who may not own the address")
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
    """Declares a mail kind in an app's `mails.py`. Raises `ImproperlyConfigured`."""
    if further.get("despite_opt_out") and not transactional:
        raise ImproperlyConfigured(f"{template}: only transactional mail can be sent despite an opt-out.")
    if not because:
        raise ImproperlyConfigured(f"{template}: explain in `because` why it is transactional, or why not.")
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
    """Raises `KeyError` for a kind that no app declares."""
    return _kinds[template]


def all_kinds() -> Iterator[MailKind]:
    return iter(_kinds.values())
