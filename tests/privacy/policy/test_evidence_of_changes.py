"""The evidence for "you hear of changes first": red when the promise is broken, and only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from privacy.models import PrivacyRequest
from privacy.policy.models import PolicyNotice, PolicyVersion
from privacy.registry import policy_gate
from tests.privacy.audit.guards import guards_lifted

from .conftest import PHONE

pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db, pytest.mark.usefixtures("clock", "attacked")]

Policy = Callable[..., PolicyVersion]


def finding(client: Client) -> dict[str, Any]:
    cache.clear()
    promises = client.get("/privacy/evidence.json").json()["promises"]
    broken = [promise["id"] for promise in promises if promise["kept"] is False]
    found = next(promise for promise in promises if promise["id"] == "change-notice")
    assert broken == ([] if found["kept"] else ["change-notice"])
    return dict(found)


def request_with_phone() -> None:
    PrivacyRequest.objects.create(email="d@example.org", kind="access", phone="1", keep_until=timezone.now())


def notice(state: str) -> None:
    version = PolicyVersion.objects.get(number=1)
    PolicyNotice.objects.create(
        version=version, fingerprint="d@example.org", contact_model="x", contact_id=version.pk, state=state
    )


def test_policy_promise_is_kept_while_the_policy_covers_everything(client: Client) -> None:
    found = finding(client)
    assert found["kept"] is True
    assert found["figures"]["policy version in effect"] == 1
    assert found["figures"]["new details and purposes not covered yet"] == 0


def test_closed_columns_do_not_break_the_policy_promise(client: Client, lacks: Policy) -> None:
    lacks(PHONE)
    found = finding(client)
    assert found["kept"] is True
    assert found["figures"]["new details and purposes not covered yet"] == 1
    assert found["figures"]["of these, in use anyway"] == 0


def test_policy_promise_breaks_when_a_closed_column_holds_a_value(client: Client, lacks: Policy) -> None:
    request_with_phone()
    lacks(PHONE)
    found = finding(client)
    assert (found["kept"], found["figures"]["of these, in use anyway"]) == (False, 1)


def test_policy_promise_breaks_when_the_gate_lets_everything_through(
    client: Client, lacks: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks(PHONE)
    monkeypatch.setattr(policy_gate, "require_open", lambda column, value: None)
    assert finding(client)["kept"] is False


def test_policy_promise_breaks_when_somebody_was_not_notified(client: Client) -> None:
    notice("called")
    assert finding(client)["kept"] is True
    PolicyNotice.objects.update(state="waiting")
    found = finding(client)
    assert (found["kept"], found["figures"]["affected people not notified"]) == (False, "some")


def test_policy_promise_breaks_when_a_version_was_rewritten(client: Client) -> None:
    with guards_lifted():
        PolicyVersion.objects.update(registry_hash="0" * 64)
    assert finding(client)["kept"] is False


def test_policy_promise_breaks_when_no_version_is_in_effect(client: Client) -> None:
    PolicyVersion.objects.update(state="superseded")
    with pytest.raises(CommandError, match=r"(?s).*"):
        call_command("check_promises")


def test_a_small_count_is_not_told(client: Client) -> None:
    notice("called")
    assert finding(client)["figures"]["notified by phone or letter"] == "fewer than 10"
