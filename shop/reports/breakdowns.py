"""What a report of the shop can be divided by: time, product, and what other apps know about orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shop.models import Product

Names = Callable[[Iterable[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Breakdown:
    """Groups orders by a column. `path` leads to it from an order; `names` gives what its values are called. They are
    keys of sums, so they are text, and empty for None: see `key_of`.

    One that is `always_shown` stands on the page as a table of its own, with each row's share.
    """

    key: str
    label: str
    path: str
    names: Names
    always_shown: bool = False


_breakdowns: dict[str, Breakdown] = {}


def declare(breakdown: Breakdown) -> None:
    """Adds a breakdown. Apps of higher layers call it when they are ready."""
    _breakdowns[breakdown.key] = breakdown


def breakdowns() -> Mapping[str, Breakdown]:
    return _breakdowns


def key_of(value: Any) -> str:
    return "" if value is None else str(value)


def _product_names(ids: Iterable[str]) -> Mapping[str, str]:
    """Today's names: a product that was renamed stays one row."""
    return {str(pk): name for pk, name in Product.objects.filter(pk__in=[*ids]).values_list("pk", "name")}


def _code_names(codes: Iterable[str]) -> Mapping[str, str]:
    return {"": "No code"} | {code: code for code in codes if code}


declare(Breakdown("product", "Product", "product_id", _product_names))
declare(Breakdown("discount", "Discount code", "discount_codes", _code_names))
