"""Who the person of a row is: whoever has its email address.

A person has no table and no ID. They are named by one of their rows, whose address finds the others by blind index: two
spellings of one mailbox are one person (ADR 24). A telephone number is not a person, since a family or an office
shares it; its other rows are listed apart, as "same telephone number". A row that came without an address, such as a
letter, is a person of its own.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse

from privacy.admin_base.search.row_kinds import RowKind, kind_of
from privacy.encryption.blind_index import BlindIndexField
from privacy.registry.declarations import Erasure, PersonalData, declaration_for


def address_of(row: models.Model) -> str | None:
    """The email address of the row's person, over the relation that the registry declares in `found_by`. None if it was
    erased, or if the row has only its fingerprint.

    Queries only for relations that aren't loaded.
    """
    declaration = declaration_for(row._meta.db_table)
    if not isinstance(declaration, PersonalData):
        return None
    *relations, index = declaration.found_by[0].split("__")
    owner: Any = row
    for relation in relations:
        owner = getattr(owner, relation)
        if owner is None:
            return None
    source: Any = owner._meta.get_field(index)
    if isinstance(source, BlindIndexField) and source.normalize == "email":
        return getattr(owner, source.source) or None
    return getattr(owner, "email", None) or None  # beside a fingerprint


def gave_no_address(row: models.Model) -> bool:
    """Whether its person is unknown from the start. A row that outlives its person's erasure has lost the address."""
    declaration = declaration_for(row._meta.db_table)
    is_deleted = isinstance(declaration, PersonalData) and declaration.erasure == Erasure.DELETE
    return is_deleted and address_of(row) is None


def person_url(row: models.Model, section: RowKind | None = None) -> str:
    """The page about the row's person, or one of its sections in full; empty for rows that belong to no person.

    It contains the row's ID, never an address.
    """
    kind = kind_of(type(row))
    if kind is None or not kind.for_person:
        return ""
    if section is not None:
        return reverse("admin:person_section", args=[kind.key, row.pk, section.key])
    return reverse("admin:person", args=[kind.key, row.pk])
