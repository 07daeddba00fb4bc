"""Each audited action in words. Apps declare theirs in `audit_actions.py`, which is discovered like `admin.py`.

A sentence names who did it as `{actor}` (the site itself where the entry has no actor) and the row as `{object}`, such
as "the order B7K2M9QX4R". The audit log stores neither: names are opened when an entry is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2}")

NAMES = {"actor", "object"}

_NAME = re.compile(r"\{(.*?)\}")
_sentences: dict[str, str] = {}


def audit_actions(sentences: Mapping[str, str]) -> None:
    """Declares actions (`app.subject.verb`) with their sentences. Raises ValueError for a malformed or repeated one."""
    for action, sentence in sentences.items():
        if not ACTION.fullmatch(action) or action in _sentences or not set(_NAME.findall(sentence)) <= NAMES:
            raise ValueError(f"{action} is no audit action, has a sentence already, or names something unknown")
        _sentences[action] = sentence


def sentence_of(action: str) -> str:
    """An action that this version of the code no longer has is shown by its name."""
    return _sentences.get(action, "{actor} did " + action + " to {object}")


def declared_actions() -> frozenset[str]:
    return frozenset(_sentences)
