"""Policies that lack something which the code has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from privacy.policy.models import PolicyVersion
from privacy.registry import policy_gate
from privacy.registry.policy_snapshot import running, without
from tests.privacy.audit.guards import guards_lifted

PHONE = "privacy_privacyrequest.phone"


@pytest.fixture(autouse=True)
def _what_the_process_knows_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back after the test, so that the next ones cost no query."""
    monkeypatch.setattr(policy_gate, "_waiting", policy_gate._waiting)


def policy_in_effect(snapshot: Any) -> PolicyVersion:
    """As if the version in effect had always said this, and the process had just started."""
    version = PolicyVersion.objects.get(state="in_effect")
    version.take(snapshot)
    with guards_lifted():
        version.save()
    policy_gate.forget()
    return version


@pytest.fixture
def lacks(db: None) -> Callable[..., PolicyVersion]:
    """Calls for a policy in effect without these columns."""
    return lambda *places: policy_in_effect(without(running(), places))


@pytest.fixture
def says(db: None) -> Callable[..., PolicyVersion]:
    """Calls for a policy in effect that says something else about one column."""

    def say(place: str, **other: Any) -> PolicyVersion:
        columns = running()["columns"]
        return policy_in_effect({**running(), "columns": {**columns, place: {**columns[place], **other}}})

    return say


@pytest.fixture
def version_two(staff: Client, lacks: Callable[..., PolicyVersion]) -> PolicyVersion:
    """A draft that covers the phone number of requests, which the version in effect lacks."""
    lacks(PHONE)
    staff.post("/admin/policy/policyversion/add/", draft_fields())
    return PolicyVersion.objects.get(number=2)


def draft_fields(**changes: str) -> dict[str, str]:
    fields = {"summary": "You may give us your number.", "additions": "", "effective_on": "2026-03-02", "tells": "on"}
    return {**fields, **changes}


def press(staff: Client, row: Any, step: str) -> str:
    """Presses a button on a row's page. Returns what the next page says."""
    url = f"/admin/policy/{row._meta.model_name}/{row.pk}/step/{step}/"
    assert staff.get(url).status_code in {200, 302}
    response = staff.post(url, follow=True)
    assert response.status_code == 200
    return " ".join(str(message) for message in response.context["messages"])
