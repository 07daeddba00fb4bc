"""System checks: the registry's declarations are valid and match the models and the live schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core import checks
from django.core.exceptions import FieldError
from django.db import connections
from django.db.models import CASCADE
from django.utils import timezone

from privacy.encryption.fields import SealedField
from privacy.encryption.tokens import SealedTokenField

from .coverage import known_columns, unclassified_columns
from .declarations import Erasure, NotPersonal, PersonalData, declaration_for, personal_links
from .growth import DeletedWith, Pruned
from .mail_kinds import all_kinds


@checks.register("privacy")
def check_every_model_is_declared(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Each model is declared in the registry, column by column, with a valid declaration."""
    return [message for model in apps.get_models(include_auto_created=True) for message in check_model(model)]


@checks.register(checks.Tags.database)
def check_live_schema(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Sequence[checks.CheckMessage]:
    """Every column of the live schema is declared. A warning, so that `migrate` can still drop a column."""
    return [
        checks.Warning(
            f"{column} is in the database but not in the registry of personal data.",
            hint="Declare it (see privacy.registry.declarations), or drop it.",
            id="privacy.W020",
        )
        for alias in databases or ()
        for column in unclassified_columns(connections[alias])
    ]


@checks.register("privacy")
def check_one_click_stops_no_more_than_it_says(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E062: a mail's one-click opt-out stops its purpose, which must not stop mail that the person is waiting for."""
    kinds = list(all_kinds())
    awaited = {kind.purpose for kind in kinds if kind.transactional}
    return [
        checks.Error(
            f"The mail {kind.template} carries a one-click opt-out of “{kind.purpose.label}”, which would also"
            " stop mail that people wait for.",
            hint="Give it a purpose of its own, listed in privacy.registry.purposes.NEWS_OF.",
            id="privacy.E062",
        )
        for kind in kinds
        if not kind.transactional and kind.purpose in awaited
    ]


def check_model(model: Any) -> list[checks.CheckMessage]:
    declaration = declaration_for(model._meta.db_table)
    if declaration is None:
        return [
            _error(
                model,
                "E010",
                "is not in the registry of personal data.",
                "Put @personal_data(…) or @not_personal(…) from privacy.registry.declarations above the model.",
            )
        ]
    messages = [*_check_columns(model), *_check_sealed(model, declaration), *_check_growth(model, declaration)]
    if isinstance(declaration, PersonalData):
        messages += [*_check_lookups(model, declaration), *_check_redaction(model, declaration)]
    else:
        messages += _check_link(model, declaration)
    return messages


def _check_link(model: Any, declaration: NotPersonal) -> Iterator[checks.CheckMessage]:
    """A row that references a personal row is personal too, unless the declaration says why not."""
    if (links := personal_links(model)) and not declaration.despite_link.strip():
        hint = "Declare it with @personal_data, or say in despite_link why its rows reveal nothing about that person."
        problem = f"is declared as not personal, but has a foreign key to a personal row: {', '.join(links)}."
        yield _error(model, "E017", problem, hint)


def _check_columns(model: Any) -> Iterator[checks.CheckMessage]:
    """The table and its declaration have the same columns."""
    known = known_columns(model._meta.db_table)
    columns = {f.column for f in model._meta.local_concrete_fields}
    for name in sorted(columns - known):
        yield _error(model, "E012", f"has an undeclared column: {name}.", "Declare it.")
    for name in sorted(known - columns):
        yield _error(model, "E013", f"declares a column that doesn't exist: {name}.", "Remove it.")


def _check_growth(model: Any, declaration: PersonalData | NotPersonal) -> Iterator[checks.CheckMessage]:
    """The rule that bounds the table can be carried out."""
    rule = declaration.growth
    if isinstance(rule, Pruned) and rule.since not in {f.name for f in model._meta.concrete_fields}:
        yield _error(model, "E018", f"has no column {rule.since}, as growth says.", "Correct its name.")
    if isinstance(rule, Pruned) and rule.rows and not hasattr(model._default_manager.all(), rule.rows):
        yield _error(model, "E018", f"has no queryset method {rule.rows}, as growth says.", "Add it.")
    if isinstance(rule, DeletedWith):
        key = next((f for f in model._meta.concrete_fields if f.name == rule.parent), None)
        if key is None or key.deconstruct()[3].get("on_delete") is not CASCADE:
            hint = "Use on_delete=CASCADE, or declare another rule (privacy.registry.growth)."
            yield _error(model, "E018", f"is not deleted with its {rule.parent}, as growth says.", hint)


def _check_sealed(model: Any, declaration: PersonalData | NotPersonal) -> Iterator[checks.CheckMessage]:
    personal = declaration.columns if isinstance(declaration, PersonalData) else frozenset()
    for f in model._meta.local_concrete_fields:
        if isinstance(f, SealedField) and f.name not in personal and not isinstance(f, SealedTokenField):
            hint = "Add it to `columns` in the model's declaration."
            yield _error(model, "E011", f"has {f.name} sealed but not declared as personal.", hint)
        if isinstance(f, SealedField) and {f.name, f"-{f.name}"} & {str(name) for name in model._meta.ordering}:
            yield _error(model, "E016", f"is ordered by {f.name}, which is sealed.", "Sealed values have no order.")


def _check_lookups(model: Any, declaration: PersonalData) -> Iterator[checks.CheckMessage]:
    """The queries for a person's rows and for expired rows work."""
    try:
        declaration.own_rows_of("somebody@example.com")
        declaration.expired(timezone.now())
    except (FieldError, TypeError) as error:
        yield _error(model, "E014", f"has an invalid lookup in found_by or since: {error}", "Correct its name.")


def _check_redaction(model: Any, declaration: PersonalData) -> Iterator[checks.CheckMessage]:
    if declaration.erasure is not Erasure.REDACT:
        return
    for name in declaration.emptied:
        if not model._meta.get_field(name).null:
            yield _error(model, "E015", f"can't be redacted: {name} is not nullable.", "Give it null=True.")


def _error(model: Any, number: str, problem: str, hint: str) -> checks.Error:
    return checks.Error(f"{model._meta.label} {problem}", hint=hint, obj=model, id=f"privacy.{number}")
