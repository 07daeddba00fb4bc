"""A sentence that says what rows are used for speaks of the uses there are: a new one without a new sentence fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from privacy.registry import declarations
from privacy.registry.declarations import Use
from privacy.registry.purposes import Audience, Purpose
from privacy.registry.use_sentences import Sentence, check_sentences, sentences


@pytest.mark.parametrize("sentence", sentences(), ids=lambda sentence: sentence.where)
def test_the_words_stand_where_they_are_said_to(sentence: Sentence) -> None:
    text = " ".join((Path(settings.BASE_DIR) / sentence.where).read_text().split())
    assert sentence.words in text


def test_all_sentences_are_true_to_the_uses_there_are() -> None:
    assert list(check_sentences(None)) == []


def with_use(monkeypatch: pytest.MonkeyPatch, table: str, use: Use) -> list[str]:
    declared = declarations._personal[table]
    monkeypatch.setitem(declarations._personal, table, replace(declared, uses=(*declared.uses, use)))
    return [str(message.id) for message in check_sentences(None)]


@pytest.mark.parametrize("table", sorted({sentence.table for sentence in sentences()}))
def test_a_new_use_without_a_new_sentence_is_refused(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    marketing = Use(purpose=Purpose.SITE_TRAFFIC, audience=Audience.STAFF, told="we look at it for our advertising")
    bound = [sentence for sentence in sentences() if sentence.table == table]
    assert with_use(monkeypatch, table, marketing) == ["privacy.E050"] * len(bound)


def test_every_recipient_is_named_in_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    to_paypal = Use(purpose=Purpose.ANSWER_INQUIRY, audience=Audience.PAYPAL, told="PayPal gets your message")
    assert "privacy.E051" in with_use(monkeypatch, "contacts_inquiry", to_paypal)


def test_a_use_that_somebody_learns_of_has_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    wordless = Use(purpose=Purpose.SITE_TRAFFIC, audience=Audience.STAFF)
    assert "privacy.E052" in with_use(monkeypatch, "contacts_inquiry", wordless)
