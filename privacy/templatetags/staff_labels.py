"""`{{ row|staff_label }}` names a row on a page for staff."""

from __future__ import annotations

from django import template

from privacy.admin_base.staff_labels import staff_label

register = template.Library()
register.filter("staff_label", staff_label)
