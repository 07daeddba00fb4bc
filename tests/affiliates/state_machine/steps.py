"""What the steps of the state machine have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from shop.models import Payment
from shop.money import Money

from .world import World

CURRENCIES = ("USD", "JPY")  # in the order of World.products
RECEIVED = (Payment.State.PAID, Payment.State.PART_REFUNDED)
positions = st.integers(min_value=0, max_value=99)  # of a row among those that are there
who = products = st.integers(0, 1)
currencies = st.sampled_from(CURRENCIES)
shares = st.sampled_from([100, 100, 50, 17, 1])  # percent of what is left


Step = TypeVar("Step", bound=Callable[..., None])
CHOICES: list[st.SearchStrategy[tuple[str, dict[str, Any]]]] = []


class NotNow(Exception):
    """There is nothing that this step could happen to. Hypothesis's own `assume` would drop all steps before it too."""


def may_happen(weight: int = 1, **drawn: st.SearchStrategy[Any]) -> Callable[[Step], Step]:
    """Marks a step, and says what is drawn for it. One of twice the weight comes twice as often."""

    def decorate(step: Step) -> Step:
        for _ in range(weight):  # anew, as Hypothesis drops the same one
            CHOICES.append(st.tuples(st.just(step.__name__), st.fixed_dictionaries(drawn)))
        return step

    return decorate


class Steps(RuleBasedStateMachine):
    make_world: Callable[[], World]  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self.rollbacks = [transaction.atomic(using=alias) for alias in ("default", "keystore")]
        for each in self.rollbacks:
            each.__enter__()
        self.world = type(self).make_world()

    def teardown(self) -> None:
        try:
            self.tell_everything_and_look()
        finally:
            for what in self.world.seen:
                event(what)
            for alias, each in zip(("default", "keystore"), self.rollbacks, strict=True):
                transaction.set_rollback(True, using=alias)
                each.__exit__(None, None, None)

    def tell_everything_and_look(self) -> None:
        raise NotImplementedError

    def one(self, queryset: Any, position: int) -> Any:
        rows = list(queryset.order_by("pk"))
        if not rows:
            raise NotNow
        return rows[position % len(rows)]

    def part(self, payment: Payment, share: int) -> Money:
        return Money(max(payment.refundable.minor * share // 100, 1), payment.currency)
