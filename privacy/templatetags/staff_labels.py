"""`{{ row|staff_label }}` names a row on a page for staff; `{{ row|pill:"state" }}` shows its state;
`{{ opts|list_title }}` names the list of a model."""

from __future__ import annotations

from typing import Any

from django import template

from privacy.admin_base.labelled_admin import list_title
from privacy.admin_base.staff_labels import staff_label
from privacy.admin_base.status_pills import pill

register = template.Library()
register.filter("staff_label", staff_label)
register.filter("pill", pill)


@register.filter("list_title")
def title_of_list(opts: Any) -> str:
    return list_title(opts.model)
