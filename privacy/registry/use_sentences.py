"""Sentences on pages that say what data is used for, each bound to the declared uses of its table.

A help text may promise "and nothing else"; a use that is added later would make it false. So each sentence is declared
with its table and uses, and a system check (privacy.E050) fails if the table's uses change, until someone has reviewed
the sentence. Apps declare theirs in `promises.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import checks

from .declarations import PersonalData, personal_models
from .purpose_binding import uses_open_to
from .purposes import Audience, Purpose

UseOf = tuple[Purpose, Audience]
NAMED_IN_RECIPIENTS = {Audience.AFFILIATE: "affiliate", Audience.PAYPAL: "PayPal"}


@dataclass(frozen=True)
class Sentence:
    """`words` occur in the file `where`, relative to the project's folder."""

    table: str
    where: str
    words: str
    uses: frozenset[UseOf]


_sentences: list[Sentence] = []


def bind_sentences(table: str, uses: set[UseOf], words: Mapping[str, str]) -> None:
    """Binds sentences (text → file) to the uses of a table."""
    _sentences.extend(Sentence(table, where, each, frozenset(uses)) for each, where in words.items())


def sentences() -> list[Sentence]:
    return list(_sentences)


def implicit_uses(*purposes: Purpose) -> set[UseOf]:
    """Implicit uses of rows with an email address: by the site, the person and staff for these purposes, answering
    privacy requests, and notifying people of policy changes."""
    audiences = (Audience.SITE, Audience.PERSON, Audience.STAFF)
    answering = {(purpose, audience) for purpose in (*purposes, Purpose.PRIVACY_REQUEST) for audience in audiences}
    return answering | {(Purpose.POLICY_NOTICE, Audience.STAFF), (Purpose.POLICY_NOTICE, Audience.PERSON)}


@checks.register("privacy")
def check_sentences(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    return [*_check_uses(), *(message for declared in personal_models() for message in _check_recipients(declared))]


def _check_uses() -> Iterator[checks.CheckMessage]:
    for sentence in _sentences:
        if changed := uses_open_to(sentence.table) ^ sentence.uses:
            named = ", ".join(sorted(f"{purpose} ({audience})" for purpose, audience in changed))
            yield checks.Error(
                f"“{sentence.words}” in {sentence.where} was written for different uses of {sentence.table}: {named}.",
                hint="Review the sentence. Once it is true, update its declared uses.",
                id="privacy.E050",
            )


def _check_recipients(declaration: PersonalData) -> Iterator[checks.CheckMessage]:
    """The policy's "Recipients" column names every recipient, and each additional use has a sentence."""
    for use in declaration.uses:
        word = NAMED_IN_RECIPIENTS.get(use.audience, "")
        if word not in declaration.recipients:
            yield checks.Error(
                f"{declaration.model._meta.label} is used for {use.audience.label}, but `recipients` doesn't say so.",
                hint=f"Say in `recipients` what the {word} gets.",
                id="privacy.E051",
            )
        if not use.told and use.audience is not Audience.SITE:
            yield checks.Error(
                f"{declaration.model._meta.label} has a use without a sentence for the policy: {use.purpose}.",
                hint="Add told=…, in plain words.",
                id="privacy.E052",
            )
