"""The database goes away between a form's work and the note that it is done: the form still works once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from contacts.models import Inquiry
from privacy.models.submitted_form import SubmittedForm
from privacy.web.idempotency import after_outages
from tests.running_site import wait_for
from tests.site.http.test_error_pages import HERE, TYPED, form_of

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def away_for(table_statement: Callable[[str], bool]) -> Iterator[None]:
    def fail(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if table_statement(sql):
            raise OperationalError("the connection is closed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


def is_settling(sql: str) -> bool:
    return "privacy_submittedform" in sql and sql.startswith(("UPDATE", "DELETE"))


def settles_again() -> Callable[[str], bool]:
    """All but the first, which is part of the view's own transaction."""
    seen: list[str] = []

    def is_later(sql: str) -> bool:
        if is_settling(sql):
            seen.append(sql)
        return is_settling(sql) and len(seen) > 1

    return is_later


def is_inquiry(sql: str) -> bool:
    return 'INSERT INTO "contacts_inquiry"' in sql


def wait_until_settled() -> None:
    wait_for(lambda: after_outages._thread is None, "the end of what waited", 30)


def test_result_whose_note_fails_is_shown_and_shown_again_to_a_second_click() -> None:
    dave = Client(enforce_csrf_checks=True)
    form = form_of(dave, "/contact/") | TYPED
    with away_for(settles_again()):
        first = dave.post("/contact/", form, headers=HERE)
    assert first.status_code == 302
    wait_until_settled()
    second = dave.post("/contact/", form, headers=HERE)
    assert (second.status_code, second.headers["Location"]) == (302, first.headers["Location"])
    assert Inquiry.objects.count() == 1


def test_form_that_failed_and_could_not_be_released_can_be_sent_again() -> None:
    dave = Client(enforce_csrf_checks=True, raise_request_exception=False)
    form = form_of(dave, "/contact/") | TYPED
    with away_for(lambda sql: is_inquiry(sql) or is_settling(sql)):
        assert dave.post("/contact/", form, headers=HERE).status_code == 503
    wait_until_settled()
    assert not SubmittedForm.objects.exists()
    assert dave.post("/contact/", form, headers=HERE).status_code == 302
    assert Inquiry.objects.count() == 1
