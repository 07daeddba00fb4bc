"""The variables of mails: what staff may use where they write the text of a mail themselves.

A mail has the variables that its template shows, and no others, so an edited text can show nothing that the shipped one
doesn't. Each app names its own in `mails.py`, with a made-up value for the preview.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MailVariable:
    """`sample` is Markdown for a block of paragraphs."""

    name: str
    sample: str
    required: bool  # by this declaration; links and blocks of a template always are


_declared: dict[str, dict[str, MailVariable]] = {}


def mail_variables(app: str, variables: Mapping[str, tuple[str, str]], *, required: str = "") -> None:
    """Names the variables in the templates of an app's mails: the code in the template → name and sample.

    The code is an expression with its filters, `link ` and the arguments of a `button` without its label, or `block `
    and the name of a block inside `subject` or `body`. A mail can't do without the `required` names, if it has them.
    """
    named = {code: MailVariable(name, sample, name in required.split()) for code, (name, sample) in variables.items()}
    _declared[app] = _declared.get(app, {}) | named


def declared_variables(app: str) -> dict[str, MailVariable]:
    """By their code in the templates of this app."""
    return _declared.get(app, {})
