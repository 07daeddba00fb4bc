"""Fixed sentences that say what people's rows are used for, each bound to the uses that it speaks of.

A help text or a page promises "and nothing else" for ever; a use that is added later would make it a lie. So a sentence
names its table and the uses that are true to it, and start-up refuses any other (privacy.E050): whoever adds a use
reads each sentence about it again. Apps declare theirs in `promises.py`.
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
    """`words` stand in the file `where`, below the project's folder."""

    table: str
    where: str
    words: str
    uses: frozenset[UseOf]


_sentences: list[Sentence] = []


def speaks_of(table: str, uses: set[UseOf], words: Mapping[str, str]) -> None:
    """Binds sentences to the uses of a table: each with the file where it stands."""
    _sentences.extend(Sentence(table, where, each, frozenset(uses)) for each, where in words.items())


def sentences() -> list[Sentence]:
    return list(_sentences)


def own_uses(*purposes: Purpose) -> set[UseOf]:
    """Those that need no words of their own, of rows with an e-mail address: by the site, the person and staff for
    these purposes, answering the person, and telling of a new policy."""
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
                f"“{sentence.words}” in {sentence.where} was written for other uses of {sentence.table}: {named}.",
                hint="Read the sentence again. If it is still true, or is made so, name the uses it speaks of.",
                id="privacy.E050",
            )


def _check_recipients(declaration: PersonalData) -> Iterator[checks.CheckMessage]:
    """The policy's column "Who gets it" names everybody who learns something, and each further use has its sentence."""
    for use in declaration.uses:
        word = NAMED_IN_RECIPIENTS.get(use.audience, "")
        if word not in declaration.recipients:
            yield checks.Error(
                f"{declaration.model._meta.label} is used for {use.audience.label}, and recipients do not say so.",
                hint=f"Say in recipients what the {word} gets.",
                id="privacy.E051",
            )
        if not use.told and use.audience is not Audience.SITE:
            yield checks.Error(
                f"{declaration.model._meta.label} has a use that the policy has no sentence for: {use.purpose}.",
                hint="Give it told=…, in plain words.",
                id="privacy.E052",
            )
