"""`{% chart chart %}` draws a chart of `privacy.admin_base.reporting.charts`."""

from __future__ import annotations

from typing import Any

from django import template

from privacy.admin_base.reporting.charts import Chart

register = template.Library()


@register.inclusion_tag("privacy/admin/_chart.html")
def chart(chart: Chart, name: str = "chart") -> dict[str, Any]:
    """`name` distinguishes the charts of a page: the ids in the SVG begin with it."""
    return {"chart": chart, "name": name}
