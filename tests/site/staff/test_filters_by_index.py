"""Lists of tables that grow: each choice of a filter finds its rows through an index, in the order of the list. Without
one, a choice that few rows have, or none, reads a million rows to say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate
from privacy.policy.models import PolicyVersion
from privacy.registry.declarations import growth_of
from privacy.registry.growth import Bounded
from shop.models import Order, Product
from tests import factories

WHOLE, SORTED = "reads a whole table", "sorts all that it finds"

# Lists whose rows each need a decision, a letter or a request of a person: read whole, they are still few.
FEW = {
    *("affiliates.Adjustment", "affiliates.Application", "affiliates.Objection", "affiliates.PayoutRun"),
    *("api.ApiToken", "clients.Agreement", "clients.Quote", "disclosure.Disclosure"),
    *("privacy.PrivacyRequest", "privacy.Suppression", "shop.Dispute", "shop.RefundRequest"),
    "affiliates.Flag",  # raised by rules, about one sale in a hundred; the open ones have an index
    "privacy.MailTally",  # a row per day, kind and outcome, for two years
    "django_tasks_database.DBTaskResult",  # of a library; finished tasks are deleted after a week
}
# Choices of other lists, by the beginning of their query.
EXCEPTIONS = {
    ("affiliates.Commission", "affiliate", SORTED): "of one affiliate: half a million take a second",
    ("affiliates.Commission", "held", SORTED): "of open flags, which are few",
    ("affiliates.Commission", "held=no", WHOLE): "most are not held: the list's own order meets a page of them at once",
    ("affiliates.Commission", "question", SORTED): "of those that wait, and of flags and objections, which are few",
    ("affiliates.Commission", "question=flagged", WHOLE): "of the flags, which are few",
    ("audit.AuditEntry", "subject", WHOLE): "not every collation sorts by prefix; a million entries take 1 s",
    ("contacts.IncomingMail", "", SORTED): "of what waits for review",
    ("contacts.Inquiry", "", SORTED): "of what waits, or of one state: 100,000 take 0.1 s",
    ("contacts.Inquiry", "queue=all", WHOLE): "all there are, in the list's own order",
    ("shop.License", "state=active", WHOLE): "most are: the list's own order meets a page of them at once",
    ("shop.Order", "attention", SORTED): "of disputes and requests, which are few",
    ("shop.Payment", "is_disputed__exact=0", WHOLE): "most are not: the list's own order meets a page of them at once",
}

_TABLE = re.compile(r'(?:FROM|JOIN) "(\w+)"(?: (?:AS )?"?([A-Z]+\d+)"?)?')


def grows(table: str) -> bool:
    return bool(table) and not isinstance(growth_of(table), Bounded)


FILTERED = [
    model
    for model, shown in admin.site._registry.items()
    if shown.list_filter and grows(model._meta.db_table) and model._meta.label not in FEW
]


@pytest.fixture
def reader(product: Product, alice: Affiliate) -> User:
    """May see every list. There are two rows of each kind that lists are filtered by, as Django wants to offer them."""
    factories.product(slug="second", name="Second")
    PolicyVersion.objects.create(number=2, snapshot={}, effective_on=timezone.localdate())
    return factories.user("root@example.org", is_staff=True, is_superuser=True)


class List:
    """The list of a model in the admin, with the statements that its count and its first page take."""

    def __init__(self, reader: User, model: type[models.Model], query: str) -> None:
        self.statements: list[tuple[str, Any]] = []
        request = RequestFactory().get(f"/?{query}")
        request.user = reader
        with connection.execute_wrapper(self._note):
            self.shown = admin.site._registry[model].get_changelist_instance(request)
            list(self.shown.queryset.values_list("pk", flat=True)[:50])  # as `LabelledChangeList` chooses a page

    def _note(self, execute: Callable[..., Any], sql: str, values: Any, many: bool, context: Any) -> Any:
        if "WHERE" in sql:
            self.statements.append((sql, values))
        return execute(sql, values, many, context)


def without_index(sql: str, values: Any) -> Iterator[str]:
    """What is wrong with the way in which the database would answer."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            tables = {alias or table: table for table, alias in _TABLE.findall(sql)}
            for step in [row[3] for row in cursor.fetchall()]:
                words = step.split()
                if words[0] == "SCAN" and grows(tables.get(words[1], "")) and words[-1] not in partial_indexes():
                    yield WHOLE
                if step == "USE TEMP B-TREE FOR ORDER BY":
                    yield SORTED
        else:  # how it would sort depends on how many rows there are
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
            [[[plan]]] = cursor.fetchall()
            if any(_reads_whole(node) for node in _nodes(plan["Plan"])):
                yield WHOLE


def _nodes(node: dict[str, Any], table: str = "") -> Iterator[dict[str, Any]]:
    """With the table that it reads, which PostgreSQL names one node above that of a bitmap."""
    table = node.setdefault("Relation Name", table)
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below, table)


def _reads_whole(node: dict[str, Any]) -> bool:
    by_index = "Index Cond" in node or node.get("Index Name") in partial_indexes()
    reads = node["Node Type"] == "Seq Scan" or "Index" in node["Node Type"] and not by_index
    return reads and grows(node["Relation Name"])


@cache
def partial_indexes() -> set[str]:
    """They have few rows, and a query uses one only if it wants those alone."""
    every = [each for model in apps.get_models() for each in (*model._meta.indexes, *model._meta.constraints)]
    return {each.name for each in every if getattr(each, "condition", None) is not None}


def queries_of(reader: User, model: type[models.Model]) -> set[str]:
    """A query for each choice of each filter of the list. An affiliate is offered only once chosen."""
    filters = admin.site._registry[model].list_filter
    by_affiliate = any(getattr(each, "parameter_name", "") == "affiliate" for each in filters)
    first = "affiliate=ALICE" if by_affiliate else ""
    shown = List(reader, model, first).shown
    assert len(shown.filter_specs) == len(filters), "a filter is not offered, so its choices are not tested"
    links = {str(choice["query_string"]).lstrip("?") for spec in shown.filter_specs for choice in spec.choices(shown)}
    return {first} | {link.removeprefix(first).removeprefix("&").removesuffix(f"&{first}") for link in links}


def problems(reader: User, model: type[models.Model]) -> set[tuple[str, str]]:
    """The choices without an index: their queries, and what the database would do."""
    return {
        (query, problem)
        for query in queries_of(reader, model)
        for statement in List(reader, model, query).statements
        for problem in without_index(*statement)
    }


def is_excepted(model: type[models.Model], query: str, problem: str) -> bool:
    return any(
        (label, kind) == (model._meta.label, problem) and query.startswith(begins) for label, begins, kind in EXCEPTIONS
    )


@pytest.mark.parametrize("model", FILTERED, ids=lambda model: model._meta.label)
def test_filter_of_a_list_that_grows_uses_an_index(reader: User, model: type[models.Model]) -> None:
    assert {each for each in problems(reader, model) if not is_excepted(model, *each)} == set()


def test_filter_without_an_index_is_found(reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site._registry[Order], "list_filter", ["discount_codes", "downloads"])
    factories.order(Product.objects.get(slug="second"))
    found = problems(reader, Order)
    assert {query.partition("=")[0] for query, problem in found if problem == WHOLE} == {"discount_codes", "downloads"}


def test_each_exception_is_of_a_list_that_grows() -> None:
    growing = {model._meta.label for model in admin.site._registry if grows(model._meta.db_table)}
    assert growing >= FEW
    assert {label for label, _, _ in EXCEPTIONS} <= {model._meta.label for model in FILTERED}
