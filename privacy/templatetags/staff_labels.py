"""`{{ row|staff_label }}` names a row on a page for staff; `{{ row|pill:"state" }}` shows its state;
`{{ opts|list_title }}` names the list of a model. For rows of a table in a form:
`{% row_name formset forloop as row %}` and `{{ formset|formset_data }}`."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils.text import capfirst

from privacy.admin_base.labelled_admin import list_title
from privacy.admin_base.staff_labels import staff_label
from privacy.admin_base.status_pills import pill

register = template.Library()
register.filter("staff_label", staff_label)
register.filter("pill", pill)


@register.filter("list_title")
def title_of_list(opts: Any) -> str:
    return list_title(opts.model)


@register.simple_tag
def row_name(formset: Any, loop: dict[str, Any]) -> str:
    """What screen readers call a row, and its fields with it: "Line 2". The last row is the one that a script copies
    for each new one."""
    kind = str(formset.opts.verbose_name)
    is_copied = loop["last"] and formset.has_add_permission
    return f"New {kind}" if is_copied else f"{capfirst(kind)} {loop['counter']}"


@register.filter
def formset_data(formset: Any) -> str:
    """Django's, for its script; its button doesn't write the kind of row as a name."""
    data = json.loads(formset.inline_formset_data())
    data["options"]["addText"] = f"Add another {formset.opts.verbose_name}"
    return json.dumps(data)
