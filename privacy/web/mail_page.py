"""The HTML of a mail as a page: in a sandbox, with the styles that are in it, and nothing from anywhere else."""

from __future__ import annotations

from csp.constants import NONE, SELF, UNSAFE_INLINE

MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def with_links_in_new_tabs(html: str) -> str:
    """As in a mail program."""
    return html.replace("<head>", '<head><base target="_blank">', 1)
