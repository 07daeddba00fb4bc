"""Sections of the order page that apps above the shop contribute, from their own `admin` package (ADR 60)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shop.models import Order


@dataclass(frozen=True, kw_only=True)
class TimelineEvent:
    """Something that happened to an order. `by` says who did it, where no member of staff did."""

    at: datetime
    text: str
    actor: UUID | None = None  # a user's id; the page shows the name
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderFact:
    """A line of a section. `note` follows the text; with `url`, the text is a link."""

    label: str
    text: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderSection:
    title: str
    facts: Sequence[OrderFact]
    links: Sequence[tuple[str, str]] = ()  # text and address
    events: Sequence[TimelineEvent] = ()


Source = Callable[[Order], OrderSection | None]
_sources: list[tuple[str, Source]] = []


def order_section(*, permission: str) -> Callable[[Source], Source]:
    """Registers a section, in a bounded number of queries. Shown to users with the permission, on orders for which the
    source doesn't return None."""

    def register(source: Source) -> Source:
        _sources.append((permission, source))
        return source

    return register


def sections_for(order: Order, user: Any) -> list[OrderSection]:
    sections = (source(order) for permission, source in _sources if user.has_perm(permission))
    return [section for section in sections if section]
