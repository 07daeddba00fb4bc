"""Every column that holds readable text is declared with the reason why nobody's words are in it.

Each app does so in its `clear_text.py` (`privacy.registry.clear_text`).
"""

from __future__ import annotations

import pytest

from privacy.registry.clear_text import DIGEST, TextColumn, clear_text, declared_columns, text_columns


def found() -> list[TextColumn]:
    return [column for alias in ("default", "keystore") for column in text_columns(alias)]


@pytest.mark.django_db
def test_every_readable_column_is_declared_with_its_reason() -> None:
    assert [str(column) for column in found() if not column.is_explained] == []


@pytest.mark.django_db
def test_declared_clear_text_columns_exist() -> None:
    there = {*map(str, found())}
    assert "shop_order.reference" in there
    assert sorted(declared_columns() - there) == []


def test_a_column_has_one_reason() -> None:
    with pytest.raises(ValueError, match=r"shop_order\.reference is declared twice"):
        clear_text(DIGEST, "shop_order.reference")
