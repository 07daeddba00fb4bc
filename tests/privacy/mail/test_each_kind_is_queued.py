"""Each kind of mail that is declared is queued by something, and has its template."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from privacy.registry.mail_kinds import MailKind

APPS = ("accounts", "affiliates", "clients", "contacts", "privacy", "privacy.policy", "shop")


def declared() -> dict[str, MailKind]:
    """`app.NAME` → the kind that the app's `mails.py` calls so."""
    modules = {app: import_module(f"{app}.mails") for app in APPS}
    return {
        f"{app}.{name}": value
        for app, module in modules.items()
        for name, value in vars(module).items()
        if isinstance(value, MailKind) and value.template.partition("/")[0] in (app, app.partition(".")[0])
    }


@cache
def sources() -> str:
    """The code of the apps without what declares the kinds."""
    folders = {Path(settings.BASE_DIR, app.partition(".")[0]) for app in (*APPS, "aitpro")}
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    return "\n".join(path.read_text() for path in paths if path.name != "mails.py")


def test_every_app_with_mails_is_looked_at() -> None:
    found = {config.name for config in apps.get_app_configs() if (Path(config.path) / "mails.py").exists()}
    assert found == set(APPS)


@pytest.mark.parametrize("name", sorted(declared()))
def test_something_queues_this_kind(name: str) -> None:
    assert re.search(rf"\b{name.rpartition('.')[2]}\b", sources())


def template_of(name: str) -> str:
    app, _, mail = declared()[name].template.partition("/")
    return Path(settings.BASE_DIR, "templates", app, "mail", f"{mail}.html").read_text()


@pytest.mark.parametrize("name", sorted(declared()))
def test_mail_kind_has_a_template_with_subject_body_and_reason(name: str) -> None:
    template = template_of(name)
    assert '{% extends "privacy/mail/_base.html" %}' in template
    for block in ("subject", "body", "why"):
        assert f"{{% block {block} %}}" in template


def test_plain_text_is_derived_from_the_one_template() -> None:
    """A mail is one HTML template: see "A mail" in docs/changing.md."""
    assert list(Path(settings.BASE_DIR, "templates").glob("*/mail/*.txt")) == []


@pytest.mark.parametrize("name", sorted(declared()))
def test_links_of_a_mail_are_absolute(name: str) -> None:
    addresses = re.findall(r'href="([^"]*)"', template_of(name))
    assert [address for address in addresses if not address.startswith("{{ site_url }}")] == []


@pytest.mark.parametrize("name", sorted(declared()))
def test_a_mail_with_the_orders_private_link_is_forgotten_once_delivered(name: str) -> None:
    assert declared()[name].holds_link or "about.get_absolute_url" not in template_of(name), "Set holds_link."
