"""States as pills: a word on a ground that says whether somebody has to do something."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html

TONES = {
    "waiting": "open held pending queued waiting prepared unconfirmed unclaimed recorded unreachable sending confirmed",
    "ok": "paid approved active finished done answered sent cleared upheld issued completed in_effect published",
    "bad": "failed denied blocked problem given_up mismatched",
}
_tone = {state: tone for tone, states in TONES.items() for state in states.split()}


def pill(row: Any, column: str) -> str:
    """The column's label as a pill. A state that isn't listed is a quiet one: nothing has to be done about it."""
    label, value = getattr(row, f"get_{column}_display")(), str(getattr(row, column))
    return format_html('<span class="pill pill-{}">{}</span>', _tone.get(value.lower(), "quiet"), label)
