from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from privacy.web.markdown import render_markdown

register = template.Library()


@register.filter
def markdown(text: str, top: int = 2) -> SafeString:
    """The text's HTML; its highest heading becomes `<h{top}>`."""
    return render_markdown(text, top=top)
