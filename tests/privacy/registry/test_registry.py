"""The registry refuses declarations that can't work, and says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.checks import check_model
from privacy.registry.declarations import (
    Erasure,
    Retention,
    declaration_for,
    declare_table,
    not_personal,
    personal_data,
    personal_models,
)
from privacy.registry.growth import STAFF, DeletedWith, Growth, Pruned
from privacy.registry.purposes import Purpose

pytestmark = pytest.mark.usefixtures("registry_of_its_own")

DECLARATION: dict[str, Any] = {
    "label": "Your notes",
    "purpose": Purpose.QUOTE,
    "columns": {"text": "text"},
    "other_columns": "id text_index made_at",
    "found_by": ("text_index",),
    "retention": Retention(text="a week", since="made_at", days=7),
    "erasure": Erasure.DELETE,
}


def note() -> Any:
    class Note(SealedModel):
        text = SealedTextField()
        text_index = BlindIndexField("text")
        made_at = models.DateTimeField()

        class Meta:
            app_label = "privacy"

    return Note


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a table that only grows": (
        {"retention": Retention(text="as long as you like")},
        "say in growth why the table doesn't only grow",
    ),
    "kept without a reason": ({"erasure": Erasure.KEEP}, "privacy.Note keeps personal data after erasure: say why"),
    "days without a start": (
        {"retention": Retention(text="a week", days=7)},
        "name the column it counts from in since",
    ),
    "days below zero": ({"retention": Retention(text="?", days=-7, since="made_at")}, "negative retention"),
    "withholds the unknown": ({"withheld": frozenset({"secret"})}, "withholds or redacts undeclared fields: secret"),
    "redacts the unknown": ({"redacted": {"state": "closed"}}, "withholds or redacts undeclared fields: state"),
    "keeps a column without a reason": ({"kept": frozenset({"text"})}, "keeps columns after erasure: say why"),
    "lets the unknown be corrected": ({"correctable": {"made_at": "bday"}}, "what is not personal: made_at"),
    "names unknown circumstances": (
        {"circumstances": {"place": "place"}},
        "circumstances that are not in other_columns: place",
    ),
    "keeps what can be switched off": (
        {"erasure": Erasure.KEEP, "kept_because": "law", "growth": STAFF, "switch": "AFFILIATE_LEGAL_DETAILS"},
        "can be switched off, so its rows have to be deletable",
    ),
    "redacts nothing": ({"erasure": Erasure.REDACT, "redacted": {"text": "-"}}, "no personal column is emptied"),
}


@isolate_apps("privacy")
@pytest.mark.parametrize(("change", "told"), REFUSED.values(), ids=REFUSED)
def test_a_declaration_that_can_not_work_is_refused_with_words(change: dict[str, Any], told: str) -> None:
    model = note()
    with pytest.raises(ImproperlyConfigured, match=told):
        personal_data(**{**DECLARATION, **change})(model)
    assert declaration_for(model._meta.db_table) is None


@isolate_apps("privacy")
def test_a_sound_declaration_passes_the_checks_of_the_start() -> None:
    assert check_model(personal_data(**DECLARATION)(note())) == []


CHECKED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a column nobody classified": ({"other_columns": "id text_index"}, "E012", "made_at"),
    "a column that is not there": ({"other_columns": "id text_index made_at gone"}, "E013", "gone"),
    "a look-up that is not there": ({"found_by": ("author__email_index",)}, "E014", "author"),
    "a look-up that can not be": ({"found_by": ("text",)}, "E014", "blind index"),
    "a start that is not there": ({"retention": Retention(text="", since="born_at", days=1)}, "E014", "born_at"),
    "a column that is never empty": ({"erasure": Erasure.REDACT, "growth": STAFF}, "E015", "text"),
}


@isolate_apps("privacy")
@pytest.mark.parametrize(("change", "number", "told"), CHECKED.values(), ids=CHECKED)
def test_declaration_that_does_not_match_its_model_fails_at_startup(
    change: dict[str, Any], number: str, told: str
) -> None:
    [message] = check_model(personal_data(**{**DECLARATION, **change})(note()))
    assert message.id == f"privacy.{number}"
    assert told in message.msg
    assert message.hint


@isolate_apps("privacy")
def test_a_sealed_field_that_is_not_declared_as_personal_is_told_at_start() -> None:
    model = note()
    declared = {**DECLARATION, "columns": {"made_at": "when"}, "other_columns": "id text_index text"}
    assert [message.id for message in check_model(personal_data(**declared)(model))] == ["privacy.E011"]


@isolate_apps("privacy")
def test_a_sealed_field_is_never_called_not_personal() -> None:
    model = not_personal("nothing", "id text text_index made_at", growth=STAFF)(note())
    assert [message.id for message in check_model(model)] == ["privacy.E011"]


@isolate_apps("privacy")
def test_a_model_that_nobody_declared_is_told_at_start() -> None:
    [message] = check_model(note())
    assert message.id == "privacy.E010"
    assert "@personal_data" in str(message.hint)


def linked(to: str) -> Any:
    """A model with a foreign key, as somebody may write it next year."""

    class Link(SealedModel):
        note = models.ForeignKey(to, models.CASCADE)

        class Meta:
            app_label = "privacy"

    return Link


@isolate_apps("privacy")
@pytest.mark.parametrize("reason", ["", "   "])
def test_a_table_that_hangs_on_a_person_is_not_called_not_personal_without_a_reason(reason: str) -> None:
    personal_data(**DECLARATION)(note())
    model = not_personal("a number", "id note_id", growth=STAFF, despite_link=reason)(linked("privacy.Note"))
    [message] = check_model(model)
    assert message.id == "privacy.E017"
    assert "has a foreign key to a personal row: note." in message.msg
    assert "despite_link" in str(message.hint)
    assert (
        check_model(not_personal("a number", "id note_id", growth=STAFF, despite_link="it counts letters")(model)) == []
    )


@isolate_apps("privacy")
def test_model_that_references_a_person_through_another_table_is_refused_as_not_personal() -> None:
    personal_data(**DECLARATION)(note())
    not_personal("a number", "id note_id", growth=STAFF, despite_link="it counts letters")(linked("privacy.Note"))

    class Further(SealedModel):
        step = models.ForeignKey("privacy.Link", models.CASCADE)

        class Meta:
            app_label = "privacy"

    [message] = check_model(not_personal("a number", "id step_id", growth=STAFF)(Further))
    assert "step.note" in message.msg


@isolate_apps("privacy")
def test_a_table_of_a_library_is_held_to_the_same() -> None:
    personal_data(**DECLARATION)(note())
    model = linked("privacy.Note")
    declare_table("privacy_link", "a library's", "id note_id", growth=STAFF)
    assert [message.id for message in check_model(model)] == ["privacy.E017"]


def test_rows_that_point_at_others_come_first() -> None:
    order = [declaration.model._meta.label for declaration in personal_models()]
    for earlier, later in (
        ("contacts.Reply", "contacts.Inquiry"),
        ("privacy.AccessArchive", "privacy.PrivacyRequest"),
        ("affiliates.PayoutItem", "affiliates.Affiliate"),
        ("affiliates.Affiliate", "accounts.User"),
    ):
        assert order.index(earlier) < order.index(later)


def test_each_declaration_has_words_for_the_policy() -> None:
    labels = [declaration.label for declaration in personal_models()]
    assert len(labels) == len(set(labels))
    for declaration in personal_models():
        assert declaration.source, declaration.label
        assert declaration.recipients, declaration.label
        assert str(declaration.retention), declaration.label


@isolate_apps("privacy")
@pytest.mark.parametrize(
    ("growth", "told"),
    [
        (Pruned(since="noted_at"), "has no column noted_at, as growth says."),
        (Pruned(since="made_at", rows="old"), "has no queryset method old, as growth says."),
        (DeletedWith("letter"), "is not deleted with its letter, as growth says."),
    ],
)
def test_a_rule_of_growth_that_cannot_be_carried_out_is_told_at_start(growth: Growth, told: str) -> None:
    [message] = check_model(personal_data(**DECLARATION, growth=growth)(note()))
    assert message.id == "privacy.E018"
    assert told in message.msg


@isolate_apps("privacy")
def test_a_row_that_outlives_its_parent_is_not_declared_as_deleted_with_it() -> None:
    class Link(SealedModel):
        note = models.ForeignKey("privacy.Note", models.PROTECT)

        class Meta:
            app_label = "privacy"

    [message] = check_model(not_personal("a number", "id note_id", growth=DeletedWith("note"))(Link))
    assert "is not deleted with its note" in message.msg
