"""Every audit action of the code has a sentence, declared in its app's `audit_actions.py`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from privacy.audit.actions import ACTION, audit_actions, declared_actions, sentence_of
from tests.own_apps import OWN_APPS

PREFIXES = {*OWN_APPS, "disclosure", "policy"} - {"aitpro"}
# The names of a setting, of a lock, and of a host of PayPal's.
NO_ACTIONS = {"accounts.reauthentication.ask_again", "privacy.evidence.measuring", "api.paypal.com"}
# A function whose first argument is the last part of an action, and the rest of that action.
BY_VERB = {"audited": "privacy.request.", "audit": "privacy.staff."}


def sources() -> Iterator[ast.AST]:
    for app in OWN_APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            if "migrations" not in path.parts and path.name != "audit_actions.py":
                yield from ast.walk(ast.parse(path.read_text()))


def texts_of(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may be, with a star for each value in an f-string."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*texts_of(node.body), *texts_of(node.orelse))


def is_module(text: str) -> bool:
    path = Path(settings.BASE_DIR, *text.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def recorded_actions() -> set[str]:
    """Texts that look like one, f-strings given as `action`, and the verbs of functions that add the rest."""
    found = set()
    for node in sources():
        text = str(getattr(node, "value", ""))
        if isinstance(node, ast.Constant) and ACTION.fullmatch(text) and text.split(".")[0] in PREFIXES:
            is_action = text in declared_actions() or not (text in NO_ACTIONS or is_module(text))
            found |= {text} if is_action else set()
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            for word in node.keywords:
                found |= {text for text in texts_of(word.value) if word.arg == "action" and text.count(".") == 2}
            for argument in node.args[:2] if name in BY_VERB else ():
                found |= {BY_VERB[name] + text for text in texts_of(argument)}
    return found


def test_each_action_that_is_recorded_has_a_sentence() -> None:
    actions = recorded_actions()
    assert len(actions) > 90
    declared = declared_actions()
    patterns = {action: re.compile(re.escape(action).replace(r"\*", "[a-z_]+")) for action in actions}
    missing = {action for action, pattern in patterns.items() if not any(map(pattern.fullmatch, declared))}
    assert missing == set(), "Declare a sentence in the app's audit_actions.py."


@pytest.mark.parametrize("action", sorted(declared_actions()))
def test_sentence_reads_as_one(action: str) -> None:
    said = sentence_of(action).format(actor="Dana Staff", object="the order B7K2M9QX4R")
    assert said[0].isupper()
    assert not said.endswith(".")
    assert "{" not in said


def test_action_is_declared_once_and_an_unknown_one_is_shown_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"shop\.order\.paid"):
        audit_actions({"shop.order.paid": "{actor} paid {object}"})
    assert sentence_of("shop.order.forgotten") == "{actor} did shop.order.forgotten to {object}"
