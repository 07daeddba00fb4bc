"""The form mixin for stale pages: rejects the first submission, shows the differences and keeps the input."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.widgets import MultiWidget
from django.http import QueryDict
from django.template.loader import render_to_string

from .changed_by import changed_by
from .snapshot import ColumnDifference, Overlaid, SeenRows, fingerprint, in_words, is_amount, text_of

if TYPE_CHECKING:
    from django.forms import BaseForm as Form
else:
    Form = object  # mixed into a form class


@dataclass(frozen=True)
class EditConflict:
    row: Model | None  # current row; None if it was deleted
    seen: SeenRows
    differences: list[ColumnDifference]

    def of(self, row: Any) -> list[ColumnDifference]:
        key = f"{row._meta.label_lower}:{row.pk}"
        return [difference for difference in self.differences if difference.key == key]


class StaleForm(Form):
    """Mixed into the forms of a page if its request has an `EditConflict`."""

    conflict: EditConflict
    instance: Model
    open_ones: list[ColumnDifference]

    def full_clean(self) -> None:
        self.open_ones = self.conflict.differences
        super().full_clean()
        if self.is_bound and self.open_ones and self.instance == self.conflict.row:
            self.add_error(None, ValidationError(describe(self.conflict, self.open_ones), code="changed_since"))

    def clean(self) -> Any:
        """Unmodified fields take the stored value, before rules that compare fields see them; modified ones keep the
        input."""
        amounts_last = sorted(self.conflict.differences, key=is_amount)  # they are shown in the stored currency
        self.open_ones = [difference for difference in amounts_last if not self._agrees(difference)]
        return super().clean()

    def _agrees(self, difference: ColumnDifference) -> bool:
        """Whether the stored value equals the input, so nothing would be overwritten (a form submitted twice)."""
        row, name = difference.row, difference.name
        if row is None or row.row != self.instance or name not in self.cleaned_data:
            return False
        mine, stored = text_of(self.cleaned_data[name]), row.column(name).value_from_object(row.row)
        if mine == text_of(stored):
            return True
        if fingerprint(mine) == difference.raw_before:
            self._take_over(name, stored)
        else:
            typed = Overlaid(self.instance, {each: text_of(value) for each, value in self.cleaned_data.items()})
            difference.mine = in_words(row.column(name), mine, typed)
        return False

    def _take_over(self, name: str, value: Any) -> None:
        """Replaces the submitted value with the stored one, in the widget's format."""
        widget, key, data = self.fields[name].widget, self.add_prefix(name), cast(QueryDict, self.data).copy()
        if isinstance(widget, MultiWidget):
            for part, inner, suffix in zip(widget.decompress(value) or [], widget.widgets, ("_0", "_1"), strict=True):
                data[f"{key}{suffix}"] = inner.format_value(part)
        elif isinstance(value, bool):
            data.setlist(key, ["on"] if value else [])
        elif isinstance(value, list):
            data.setlist(key, [str(each.pk) for each in value])
        else:
            self.fields[name].get_bound_field(self, name)
            data[key] = self.fields[name].prepare_value(value)
            with suppress(ValidationError):
                self.cleaned_data[name] = self.fields[name].clean(data[key])
        self.data = data


def describe(conflict: EditConflict, differences: list[ColumnDifference]) -> str:
    """The list of differences as HTML."""
    who = changed_by(conflict.row, conflict.seen.at) if conflict.row is not None else []
    return render_to_string("privacy/admin/_changed_since.html", {"differences": differences, "who": who})
