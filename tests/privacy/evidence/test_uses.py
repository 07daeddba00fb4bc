"""Whoever reads people's rows says for what and for whose eyes; a use that the policy does not cover is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from affiliates.models import Affiliate, Attribution, Click
from affiliates.portal.campaigns import CampaignsPage
from affiliates.statistics.daily_statistics import _visit_rows, statistics_by_period
from privacy.policy.models import PolicyVersion
from privacy.registry.policy_gate import NotInEffect, forget, waiting
from privacy.registry.policy_snapshot import running
from privacy.registry.purpose_binding import Acting, PurposeNotAllowed, acting_as, acting_now, is_used
from privacy.registry.purposes import Audience, Purpose
from privacy.registry.query_purposes import tables_read
from privacy.web.csv_export import csv_response
from shop.models import Product
from tests import factories
from tests.cast import signed_in
from tests.privacy.policy.conftest import policy_in_effect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PORTAL = Acting("the portal", frozenset({(Purpose.AFFILIATE_ACCOUNT, Audience.AFFILIATE)}))
COUNTS = "use:affiliates_click:referral_tracking:affiliate"
SHOWN = {"id", "affiliate_id", "landing_path", "label_id", "clicked_at", "counted"}


@pytest.fixture
def portal(alice: Affiliate) -> Client:
    browser = signed_in(alice.user)
    factories.click(alice)
    return browser


@pytest.fixture(autouse=True)
def _what_the_process_knows_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    from privacy.registry import policy_gate

    monkeypatch.setattr(policy_gate, "_waiting", policy_gate._waiting)


WAYS: dict[str, Callable[[Affiliate], Any]] = {
    "rows": lambda alice: list(Click._base_manager.all()),
    "values": lambda alice: list(alice.clicks.values_list("clicked_at")),
    "a sum": lambda alice: alice.clicks.order_by().values("landing_path").distinct().count(),
    "a join": lambda alice: list(Attribution.objects.values_list("click__landing_path")),
    "a condition": lambda alice: Affiliate.objects.filter(clicks__landing_path="/").exists(),
    "a row of another table": lambda alice: list(Attribution.objects.select_related("click")),
    "by hand": lambda alice: connection.cursor().execute("SELECT landing_path FROM affiliates_click"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_page_that_is_declared_for_something_else_reads_no_visit(alice: Affiliate, way: str) -> None:
    with acting_as(PORTAL), pytest.raises(PurposeNotAllowed, match="the portal acts for none of them"):
        WAYS[way](alice)


def test_a_new_page_of_the_portal_can_not_show_single_visits(portal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a trial page once did, and every row of the evidence stayed green."""

    def with_visits(page: Any, **context: Any) -> dict[str, Any]:
        return {"visits": list(page.affiliate.clicks.values_list("clicked_at", "landing_path")), **context}

    assert portal.get("/affiliates/portal/campaigns/").status_code == 200
    monkeypatch.setattr(CampaignsPage, "get_context_data", with_visits)
    with pytest.raises(PurposeNotAllowed):
        portal.get("/affiliates/portal/campaigns/")


def test_the_figures_touch_the_columns_of_their_use_alone(alice: Affiliate) -> None:
    acting = Acting("figures", frozenset({(Purpose.REFERRAL_TRACKING, Audience.AFFILIATE)}))
    assert is_used("affiliates_click", SHOWN, acting)
    for column in ("address", "cookie_digest", "same_address", "*"):
        assert not is_used("affiliates_click", {*SHOWN, column}, acting)
    with acting_as(acting), pytest.raises(PurposeNotAllowed):
        list(Click._base_manager.values("same_address"))


def test_purpose_of_a_request_ends_with_the_request(portal: Client) -> None:
    portal.get("/affiliates/portal/campaigns/")
    assert acting_now() is None


def test_a_page_acts_for_what_its_address_is_declared_with(portal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Acting | None] = []

    def noted(page: Any, **context: Any) -> dict[str, Any]:
        seen.append(acting_now())
        return context

    monkeypatch.setattr(CampaignsPage, "get_context_data", noted)
    portal.get("/affiliates/portal/campaigns/")
    [acting] = seen
    assert acting is not None
    assert acting.where == "affiliates:portal_campaigns"
    assert acting.uses == {
        (Purpose.AFFILIATE_ACCOUNT, Audience.PERSON),
        (Purpose.AFFILIATE_ACCOUNT, Audience.AFFILIATE),
    }


def test_a_file_that_is_read_while_it_is_sent_acts_for_the_same(
    portal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from affiliates.portal import exports

    seen: list[Acting | None] = []

    def rows(*args: Any, **options: Any) -> Any:
        seen.append(acting_now())
        yield ["a"]

    monkeypatch.setattr(exports, "csv_response", lambda name, found, **options: csv_response(name, rows(), **options))
    response: Any = portal.get("/affiliates/portal/files/commissions.csv")
    assert b"".join(response.streaming_content)
    assert [acting and acting.where for acting in seen] == ["affiliates:portal_export"]
    assert acting_now() is None


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ('SELECT COUNT(*) AS "__count" FROM "a"', {"a": set()}),
        ('SELECT "a"."b", T4."c" FROM "a" INNER JOIN "d" T4 ON ("a"."b" = T4."id")', {"a": {"b"}, "d": {"c", "id"}}),
        ('UPDATE "x" SET "y" = 1 WHERE "x"."id" IN (SELECT U0."b" FROM "a" U0)', {"a": {"b"}}),
        ('DELETE FROM "a" WHERE "a"."id" = 1', {}),
        ("select b from a", {"a": {"*"}}),
        ("SELECT count(*) FROM a", {"a": set()}),
    ],
)
def test_of_a_statement_the_tables_and_columns_are_known(statement: str, found: dict[str, set[str]]) -> None:
    assert tables_read(statement) == found


# --- The gate --------------------------------------------------------------------------------------------------------


def without_use(place: str, **instead: Any) -> PolicyVersion:
    uses = {key: use for key, use in running()["uses"].items() if key != place}
    changed = {place: {**running()["uses"][place], **instead}} if instead else {}
    return policy_in_effect({**running(), "uses": {**uses, **changed}})


def test_a_use_that_the_policy_in_effect_lacks_is_closed(portal: Client, alice: Affiliate) -> None:
    without_use(COUNTS)
    answer = portal.get("/affiliates/portal/campaigns/")
    assert answer.status_code == 503
    assert b"privacy policy" in answer.content
    with pytest.raises(NotInEffect, match=COUNTS):
        list(_visit_rows(alice, alice.joined_at.date(), alice.joined_at.date(), "all"))  # type: ignore[arg-type]


def test_new_use_opens_with_the_version_that_covers_it(portal: Client) -> None:
    without_use(COUNTS)
    assert portal.get("/affiliates/portal/campaigns/").status_code == 503
    policy_in_effect(running())
    assert portal.get("/affiliates/portal/campaigns/").status_code == 200


def test_a_use_of_more_columns_is_closed(portal: Client) -> None:
    without_use(COUNTS, columns=["affiliate_id", "clicked_at", "counted", "id"])
    assert portal.get("/affiliates/portal/campaigns/").status_code == 503
    [difference] = waiting().differences
    assert (difference.place, difference.widens, difference.held) == (COUNTS, True, True)
    assert "by page and by campaign label" in difference.text


def test_a_use_of_any_other_table_is_closed_too(client: Client, product: Product) -> None:
    """Not only of those that are bound: nothing that was not announced is read."""
    token = factories.order(product).link_token
    without_use("use:shop_order:order:person")
    assert client.get(f"/orders/{token}/").status_code == 503


def test_versions_from_before_uses_were_written_down_close_nothing(portal: Client) -> None:
    policy_in_effect({name: part for name, part in running().items() if name != "uses"})
    assert portal.get("/affiliates/portal/campaigns/").status_code == 200
    [difference] = waiting().differences
    assert not difference.widens


def test_fewer_uses_close_nothing(portal: Client) -> None:
    extra = {**running()["uses"][COUNTS], "audience": "staff"}
    policy_in_effect({**running(), "uses": {**running()["uses"], COUNTS.replace("affiliate", "staff", 2): extra}})
    forget()
    assert portal.get("/affiliates/portal/campaigns/").status_code == 200


def test_the_figures_are_the_same_sums_as_before(alice: Affiliate) -> None:
    factories.click(alice)
    day = Click._base_manager.get().clicked_at.date()
    assert statistics_by_period(alice, since=day, until=day, currency="USD")[day].clicks == 1
