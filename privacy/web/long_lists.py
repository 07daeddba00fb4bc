"""Lists of any length cost what a short one costs: rows are counted up to a limit, and a longer list can be sorted only
by columns with an index (ADR 86).

Staff reach what is beyond the limit with a filter, a search or the other direction of a column.
"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.utils.functional import cached_property

MOST = 10_000  # rows that a list counts and pages through


def counted(rows: QuerySet[Any], most: int) -> int:
    """How many rows there are, but `most + 1` for any larger number. Reads no more rows than that."""
    found: int = (rows.order_by() if rows.query.combinator else rows.order_by().values("pk"))[: most + 1].count()
    return found


class LongListPaginator(Paginator[Any]):
    """Pages through the first `MOST` rows. `has_more` says whether the list goes on."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return counted(rows, MOST) if isinstance(rows, QuerySet) else len(rows)

    @property
    def has_more(self) -> bool:
        return self._counted > MOST

    @property
    def count(self) -> int:
        return min(self._counted, MOST)


def has_index(model: type[Model], column: str) -> bool:
    """Whether an index of all rows begins with this column and leaves the database little to sort: not if the column
    has a few values that millions of rows share."""
    field: Any = next((field for field in model._meta.concrete_fields if field.name == column), None)
    if field is None:
        return column == "pk"
    if field.is_relation or field.choices:
        return False
    if field.primary_key or field.unique or field.db_index:
        return True
    unique = [constraint for constraint in model._meta.total_unique_constraints if constraint.fields]
    firsts = [constraint.fields[0] for constraint in unique]
    firsts += [index.fields[0] for index in model._meta.indexes if index.fields and index.condition is None]
    return column in firsts
