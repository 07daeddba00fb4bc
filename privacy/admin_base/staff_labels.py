"""What staff call a row: "Ann Buyer, B7K2M9QX4R" instead of "order B7K2M9QX4R".

A model whose rows staff know by a name has a property `staff_label`. It may open sealed columns, so it is computed when
a page is shown and never stored: `__str__`, which Django writes into its own log, has no personal data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html


def staff_label(row: Model) -> str:
    """The row's name for staff; its `str` if it has no other."""
    return str(getattr(row, "staff_label", "") or row)


def label_for(viewer: Any, row: Model) -> str:
    """`staff_label`, if the viewer may see the row: a role doesn't learn names of rows that it can't open. Colleagues
    are always named."""
    return staff_label(row) if may_see(viewer, row) or is_colleague(row) else str(row)


def link_for(viewer: Any, row: Model) -> str:
    """The label as a link to the row's page, for those who may open it."""
    label = label_for(viewer, row)
    try:
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return label
    return format_html('<a href="{}">{}</a>', url, label) if may_see(viewer, row) else label


def is_colleague(row: Any) -> bool:
    return isinstance(row, get_user_model()) and row.is_staff


def may_see(viewer: Any, row: Model | type[Model]) -> bool:
    app, model = row._meta.app_label, row._meta.model_name
    return bool(viewer.has_perm(f"{app}.view_{model}") or viewer.has_perm(f"{app}.change_{model}"))


def related_model(model: Any, column: Any) -> Any:
    """The model that a column refers to, if it refers to one row; else None."""
    try:
        field = model._meta.get_field(column) if isinstance(column, str) else None
    except FieldDoesNotExist:
        return None
    return field.related_model if field and field.concrete and (field.many_to_one or field.one_to_one) else None


def opens_labels(model: Any, column: Any) -> bool:
    """Whether a list with this column shows names that were opened for it."""
    return hasattr(model if column == "__str__" else related_model(model, column), "staff_label")


class ShownColumn:
    """Stands for a column in a list or on a page, and shows something else of it. Django takes it for a method of the
    admin, with the column's name."""

    def __init__(self, name: str, title: str, show: Callable[[Any], Any], *, ordering: str | None) -> None:
        self.__name__, self.short_description, self.admin_order_field, self.show = name, title, ordering, show

    def __call__(self, row: Any) -> Any:
        return self.show(row)

    def __str__(self) -> str:
        return self.__name__


def labelled(model: Any, column: Any, viewer: Any, *, is_link: bool = False) -> Any:
    """The column, or what shows the label of the row that it refers to: the row itself (`__str__`) or another one."""
    if column == "__str__":
        title = str(model._meta.verbose_name)
        return ShownColumn(column, title, lambda row: label_for(viewer, row), ordering=None)
    if related_model(model, column) is None:
        return column

    def show(row: Any) -> str | None:
        other = getattr(row, column)
        if other is None:
            return "-" if is_link else None
        return (link_for if is_link else label_for)(viewer, other)

    return ShownColumn(column, str(model._meta.get_field(column).verbose_name), show, ordering=column)
