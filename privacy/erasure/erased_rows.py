"""Texts about people whose data was deleted: nobody could find them again to delete them, so none are kept."""

from __future__ import annotations

from operator import attrgetter

from django.db import models

from privacy.admin_base.refusals import ActionRefused
from privacy.registry.declarations import Erasure, PersonalData, declaration_for

ALLOWED = "data deleted"  # where a decision needs a reason


def refuse_text_about_erased(row: models.Model, text: str) -> None:
    """For whatever staff write about the person of this row. Raises `ActionRefused`."""
    if is_erased(row) and text.strip(" .“”\n").lower() not in {"", ALLOWED}:
        raise ActionRefused(
            f"This person's data was deleted, so no text about them is kept. Write only “{ALLOWED}” as the text."
        )


def is_erased(row: models.Model) -> bool:
    """Whether the row stays although its person was erased: it says nothing about them, or leads to nobody's address.
    A request that came by letter has no address, but still says whose it is."""
    declaration = declaration_for(row._meta.db_table)
    if not isinstance(declaration, PersonalData) or declaration.erasure is not Erasure.REDACT:
        return False
    is_a_persons = any("__" not in path for path in declaration.found_by)
    names = declaration.emptied if is_a_persons else declaration.found_by
    return all(attrgetter(name.replace("__", "."))(row) is None for name in names)
