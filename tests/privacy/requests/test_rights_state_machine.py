"""Any sequence of what three people do: each gets all of their own and nothing of the others', an export is what an
erasure takes or keeps with a reason, and after an erasure the world is as if the person had never come.

The last is checked at the end of each sequence: one person is erased, everything is rolled back, and the same steps are
done again without that person.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from affiliates.models import Attribution, Commission, LedgerEntry
from contacts.models import Inquiry, Reply
from privacy.erasure.erase import ErasureLine, erase_person
from privacy.models import PrivacyRequest
from privacy.registry.declarations import Erasure, personal_models
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from privacy.requests import correct, receive_request
from privacy.requests.archive import collect
from privacy.requests.correction import correctable_values
from tests import factories
from tests.privacy.world import KEPT, KEPT_WITHOUT_A_PERSON

pytestmark = pytest.mark.exhaustive

CAST = ("xenia", "yorick", "zelda")  # no name is a part of any word in an export
people = st.sampled_from(CAST)


class Rollback(Exception):
    """Ends a world."""


def address(person: str) -> str:
    return f"{person}@example.org"


class World:
    """What people do to the site. Every row carries its person's name, so that a leak is seen."""

    def __init__(self) -> None:
        self.product = factories.product()
        self.alice = factories.affiliate(email="alice@example.com", code="DEMO")

    def ask(self, person: str) -> None:
        inquiry = Inquiry.objects.create(name=person, email=address(person), message=f"{person} asks")
        Reply.objects.create(inquiry=inquiry, body=f"Dear {person}")

    def order(self, person: str) -> None:
        factories.order(self.product, email=address(person).upper(), name=person)

    def order_through_a_click(self, person: str) -> None:
        click = factories.click(self.alice, address=f"{person} was here")
        order = factories.order(self.product, email=address(person), name=person)
        attribution = Attribution.objects.create(
            order=order, affiliate=self.alice, click=click, rate_percent=30, terms_version="1"
        )
        commission = Commission.objects.create(
            attribution=attribution,
            base_minor=5995,
            rate_percent=30,
            amount_minor=1799,
            currency="USD",
            hold_until=timezone.now(),
        )
        LedgerEntry.objects.create(
            affiliate=self.alice, kind="commission", amount_minor=1799, currency="USD", commission=commission
        )

    def request(self, person: str, kind: str) -> None:
        receive_request(email=address(person), kind=kind, details=f"{person} wishes", now=timezone.now())

    def correct(self, person: str) -> None:
        before = set(PrivacyRequest.objects.values_list("pk", flat=True))
        self.request(person, "correction")
        request = PrivacyRequest.objects.exclude(pk__in=before).first()
        if request is None:
            return  # had its links for today
        PrivacyRequest.objects.filter(pk=request.pk).update(state="confirmed", confirmed_at=timezone.now())
        values = {v.key: f"{person} the {v.name}" for v in correctable_values(address(person)) if v.name == "name"}
        correct(request=request, values=values, message="", now=timezone.now())

    def erase(self, person: str) -> list[ErasureLine]:
        return erase_person(email=address(person))


def about(person: str) -> dict[str, list[Any]]:
    return {section["what"]: section["rows"] for section in collect(email=address(person))}


def readable(person: str) -> list[tuple[str, ...]]:
    """Every personal value of a person, without the ids and times that differ from world to world."""
    different = {"text", "html", "cookie_digest"}  # they hold a link or a random value
    with acting_for(Purpose.PRIVACY_REQUEST):
        return sorted(
            (d.label, *(str(getattr(row, name)) for name in d.columns if name not in different))
            for d in personal_models()
            for row in d.rows_of(address(person))
        )


def ledger() -> dict[str, Any]:
    total = LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    return {"lines": LedgerEntry.objects.count(), "sum": total}


def personal_rows() -> dict[str, int]:
    """How many rows still hold something personal, of anybody, those aside that are kept with a reason."""
    counts = {}
    for declaration in personal_models():
        rows = declaration.model._base_manager.all()
        if declaration.label in KEPT | KEPT_WITHOUT_A_PERSON and declaration.erasure is Erasure.KEEP:
            continue
        if declaration.erasure is Erasure.REDACT:
            rows = rows.filter(declaration.still_personal)
        counts[declaration.label] = rows.count()
    return counts


class Rights(RuleBasedStateMachine):
    """The steps are remembered, so that they can be done again without one of the cast."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, tuple[str, ...]]] = []
        self._begin()

    def _begin(self) -> None:
        self.blocks = [transaction.atomic(), transaction.atomic(using="keystore")]
        for block in self.blocks:
            block.__enter__()
        self.world = World()

    def _end(self) -> None:
        for block in reversed(self.blocks):
            block.__exit__(Rollback, Rollback(), None)

    def do(self, name: str, *arguments: str) -> None:
        self.steps.append((name, arguments))
        getattr(self.world, name)(*arguments)

    @initialize(person=people)
    def somebody_comes(self, person: str) -> None:
        self.do("ask", person)

    @rule(person=people)
    def ask(self, person: str) -> None:
        self.do("ask", person)

    @rule(person=people)
    def order(self, person: str) -> None:
        self.do("order", person)

    @rule(person=people)
    def order_through_a_click(self, person: str) -> None:
        self.do("order_through_a_click", person)

    @rule(person=people, kind=st.sampled_from(["access", "complaint", "deletion"]))
    def request(self, person: str, kind: str) -> None:
        self.do("request", person, kind)

    @rule(person=people)
    def correct(self, person: str) -> None:
        self.do("correct", person)

    @rule(person=people)
    def erase(self, person: str) -> None:
        """What the export showed went, or is kept with a reason that the report tells; money is not touched."""
        shown, money = set(about(person)), ledger()
        report = self.world.erase(person)
        self.steps.append(("erase", (person,)))
        kept = {line.label for line in report if line.rule is Erasure.KEEP and line.reason}
        assert shown <= {line.label for line in report}
        assert set(about(person)) == kept - KEPT_WITHOUT_A_PERSON <= KEPT
        assert person not in json.dumps(about(person)).lower()
        assert ledger() == money

    @invariant()
    def everybody_gets_their_own_and_nothing_of_others(self) -> None:
        for person in CAST:
            sections = collect(email=address(person))
            export = json.dumps(sections).lower()
            assert not [other for other in CAST if other != person and other in export]
            rows = {d.label: d.rows_of(address(person)).count() for d in personal_models()}
            shown = {s["what"]: len(s["rows"]) for s in sections}
            copies = {d.label for d in personal_models() if d.copies} - shown.keys()
            assert shown == {label: n for label, n in rows.items() if n and label not in copies}

    def teardown(self) -> None:
        try:
            if self.steps:
                self.after_an_erasure_the_world_is_as_if_the_person_had_never_come()
        finally:
            self._end()

    def after_an_erasure_the_world_is_as_if_the_person_had_never_come(self) -> None:
        person = self.steps[0][1][0]
        self.erase(person)
        with_them = self.remainder(person)
        self._end()
        self._begin()
        for name, arguments in self.steps:
            if arguments[0] != person:
                getattr(self.world, name)(*arguments)
        assert self.remainder(person) == with_them

    @staticmethod
    def remainder(person: str) -> Any:
        return personal_rows(), {other: readable(other) for other in CAST if other != person}


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_any_sequence_keeps_the_rights_of_everybody() -> None:
    run_state_machine_as_test(
        Rights,
        settings=settings(
            max_examples=20,
            stateful_step_count=10,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
