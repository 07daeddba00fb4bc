"""`{{ row|staff_label }}` names a row on a page for staff; `{{ row|pill:"state" }}` shows its state."""

from __future__ import annotations

from django import template

from privacy.admin_base.staff_labels import staff_label
from privacy.admin_base.status_pills import pill

register = template.Library()
register.filter("staff_label", staff_label)
register.filter("pill", pill)
