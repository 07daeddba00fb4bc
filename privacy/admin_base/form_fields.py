"""Fields of staff's forms that take whatever is sent: a date that no time zone can convert, and a number that names no
row, get a message at the field. Django accepts both, and fails where it stores or shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError

FIRST_YEAR, LAST_YEAR = 1900, 9998  # a year from either end of the calendar: dates are also added to


def check_year(day: date) -> None:
    """Of a date or a time. Raises `ValidationError`."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(f"Enter a date between the years {FIRST_YEAR} and {LAST_YEAR}.")


def accept_any_input(form: forms.BaseForm) -> None:
    """Completes the form's date fields and its choices among rows that are searched for."""
    for field in form.fields.values():
        if isinstance(field, (forms.DateField, forms.DateTimeField, forms.SplitDateTimeField)):
            field.validators.append(check_year)
        wrapped = field.widget.widget if isinstance(field.widget, RelatedFieldWidgetWrapper) else field.widget
        if isinstance(wrapped, AutocompleteSelect):
            wrapped.optgroups = _OnlyKeys(wrapped)  # type: ignore[assignment, method-assign]


class _OnlyKeys:
    """Shows the chosen rows without values that are no key, with which they can't be looked up."""

    def __init__(self, widget: AutocompleteSelect) -> None:
        self.key, self.show = widget.field.remote_field.model._meta.pk, widget.optgroups

    def __call__(self, name: str, value: Iterable[Any], attrs: Any = None) -> Any:
        return self.show(name, [each for each in value if self._is_key(each)], attrs)

    def _is_key(self, value: Any) -> bool:
        try:
            self.key.to_python(value)
        except ValidationError:
            return False
        return True
