"""What an order covers, line by line, as apps above the shop know it: the lines of the quote behind an installment.

The order page and the invoice show it. It is read where it is stored, so that the order has no second copy of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shop.models import Order
from shop.money import Money


@dataclass(frozen=True, kw_only=True)
class ContentLine:
    text: str
    quantity: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class OrderContents:
    """`title` names the whole, of which the order may be a part; `url` leads the buyer to it, if it isn't empty."""

    title: str
    lines: Sequence[ContentLine]
    total: Money
    url: str = ""


Source = Callable[[Order], OrderContents | None]
_sources: list[Source] = []


def order_contents(source: Source) -> Source:
    """Registers a source, which returns None for an order that it knows nothing about."""
    _sources.append(source)
    return source


def contents_of(order: Order) -> OrderContents | None:
    return next(filter(None, (source(order) for source in _sources)), None)
