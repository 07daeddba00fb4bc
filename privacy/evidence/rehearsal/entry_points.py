"""The inventory of entry points, so that none can be forgotten.

It is derived from the URL resolver, forms, management commands and the registry, so it includes third-party ones.
Each must be reached in the rehearsal, which is measured, or an app must declare in its `probes` why not.

An entry point is a line: `address contact/`, `field contacts.inquiries.forms.ContactForm.name`, `command
housekeeping`, `column contacts_inquiry.message`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand
from django.db import models
from django.forms import BaseForm
from django.urls import URLPattern, get_resolver

from privacy.registry.declarations import personal_models

from .page_parsing import common, page, route_of

if TYPE_CHECKING:
    from .rehearsal import SeenResponse

REFUSED = {403, 404, 405}
TOKEN = "csrfmiddlewaretoken"  # noqa: S105  (the name of a field)
TO_SIGN_IN = re.compile(r"[^?]*/(?:accounts|admin)/login/")

_reasons: dict[str, str] = {}


def without_probe(*ways: str, because: str) -> None:
    """Declares why the rehearsal doesn't reach an entry point, in a sentence shown on the evidence page."""
    _reasons.update(dict.fromkeys(ways, because))


def reasons() -> Mapping[str, str]:
    return _reasons


def all_entry_points() -> set[str]:
    return {*addresses(), *fields(), *commands(), *columns()}


# --- Inventory --------------------------------------------------------------------------------------------------------
def routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    """All URL patterns of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        own = str(pattern.pattern)
        route = before + (own.removeprefix("^") if before else own)  # as in ResolverMatch.route
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern.url_patterns, route)


def addresses() -> set[str]:
    return {f"address {route}" for route in routes()}


def fields() -> set[str]:
    """Fields of all forms in the site's own code. Other inputs on pages are in `inputs`."""
    mixin: dict[str, object] = {}
    return {f"field {_name(form)}.{name}" for form in _own_forms() for name in vars(form).get("base_fields", mixin)}


def commands() -> set[str]:
    """The site's own management commands, without Django's."""
    return {f"command {name}" for name, app in get_commands().items() if _is_own(str(app))}


def columns() -> set[str]:
    """Personal columns."""
    return {column(declaration.model, name) for declaration in personal_models() for name in declaration.columns}


def column(model: type[models.Model], field: str) -> str:
    """The entry point of a column."""
    return f"column {model._meta.db_table}.{getattr(model._meta.get_field(field), 'column', field)}"


def _own_forms(above: type[BaseForm] = BaseForm) -> Iterator[type[BaseForm]]:
    for form in above.__subclasses__():
        if _is_own(form.__module__):
            yield form
        yield from _own_forms(form)


def _name(form: type[BaseForm]) -> str:
    return f"{form.__module__}.{form.__qualname__}"


def _is_own(module: str) -> bool:
    own = {config.name.partition(".")[0] for config in apps.get_app_configs() if _is_ours(Path(config.path))}
    return module.partition(".")[0] in own


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts


# --- Coverage ---------------------------------------------------------------------------------------------------------
@contextmanager
def measured(reached: set[str]) -> Iterator[None]:
    """Records each form field that got input and each command that ran."""
    bind, execute = BaseForm.full_clean, BaseCommand.execute

    def full_clean(form: BaseForm) -> None:
        reached.update(_typed_into(form))
        bind(form)

    def execute_noted(command: BaseCommand, *args: Any, **options: Any) -> Any:
        reached.add(f"command {type(command).__module__.rpartition('.')[2]}")
        return execute(command, *args, **options)

    with (
        mock.patch.object(BaseForm, "full_clean", full_clean),
        mock.patch.object(BaseCommand, "execute", execute_noted),
    ):
        yield


def _typed_into(form: BaseForm) -> Iterator[str]:
    """Fields with input, under the names of all base classes, so that an inherited field needs input only once."""
    names = {_name(each) for each in type(form).__mro__ if issubclass(each, BaseForm)}
    for field in form.fields if form.is_bound else ():
        if form[field].data not in (None, "", [], [""], ["", ""]):
            yield from (f"field {name}.{field}" for name in names)


def reached_addresses(seen: Iterable[SeenResponse], *, to_all: str) -> set[str]:
    """URLs that answered with more than a refusal or redirect to sign-in; and those closed even to `to_all`, who has
    all permissions."""
    return {f"address {each.route}" for each in seen if _is_open(each) or (each.who == to_all and each.status == 403)}


def _is_open(seen: SeenResponse) -> bool:
    return seen.status not in REFUSED and not TO_SIGN_IN.match(seen.headers.get("Location", ""))


def inputs(seen: Iterable[SeenResponse]) -> tuple[set[str], set[str]]:
    """Inputs that forms on pages contained, and inputs that were sent, as two sets of entry points."""
    asked, sent, looked_at = set(), set(), set[int]()
    for each in seen:
        sent |= {f"input {each.route} {common(name)}" for name in each.fields}
        if each.is_html and hash(each.body) not in looked_at:
            looked_at.add(hash(each.body))
            for form in page(each.path, each.body).forms:
                route = route_of(urlsplit(form.action).path)
                asked |= {f"input {route} {common(name)}" for name in form.fields if route and name != TOKEN}
    return asked, sent
