"""Log lines: one line per event, UTC time, no tokens, not forgeable."""

from __future__ import annotations

import logging
import re
from io import StringIO

import pytest
from django.test import Client
from gunicorn.config import Config
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate
from aitpro.logs.formatters import FORMATTERS
from aitpro.web_worker import Log
from privacy.encryption.tokens import generate_token
from shop.models import Product
from tests.own_apps import OWN_APPS
from tests.shop.paypal_fixtures import paypal_down  # noqa: F401  (a fixture)
from tests.shop.purchases import FORM

pytestmark = pytest.mark.django_db

CANARY = "canary7f3a"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) [\w.]+: .*")


@pytest.mark.parametrize(
    "path", ["/privacy/archive/{}/", "/privacy/request/{}/", "/privacy/choices/{}/", "/downloads/{}/", "/orders/{}/"]
)
def test_log_never_contains_a_token(log: StringIO, path: str) -> None:
    token = generate_token()
    response = Client(enforce_csrf_checks=True).get(path.format(token))
    Client(enforce_csrf_checks=True).post(path.format(token))
    assert response.status_code >= 400
    assert re.search(r"django\.(request|security\.csrf): .+: (privacy|shop):\w+ \[request \w{16}\]\n", log.getvalue())
    assert token not in log.getvalue()
    assert path.partition("{")[0] not in log.getvalue()


@pytest.mark.parametrize("path", ["/privacy/archive/{}", "/privacy/archive/{}/.", "/order/{}/", "/x/{}"])
def test_log_never_contains_a_mistyped_token(client: Client, log: StringIO, path: str) -> None:
    token = generate_token()
    client.get(path.format(token), follow=True)
    assert "django.request: " in log.getvalue()
    assert token not in log.getvalue()


def test_denied_request_is_logged_with_route_and_user(client: Client, log: StringIO, vera: User) -> None:
    client.force_login(vera)
    assert client.get("/admin/shop/order/").status_code == 403
    assert f"django.request: Forbidden: admin:shop_order_changelist [user {vera.pk}] [request " in log.getvalue()
    assert "vera@example.com" not in log.getvalue()
    assert log.getvalue().count("\n") == 1


def test_attempts_to_bypass_the_rules_are_logged_without_their_content(
    client: Client, log: StringIO, settings: Settings
) -> None:
    settings.SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK = 1
    for _ in range(2):
        client.post("/accounts/login/", {"email": "jane.doe@example.com", "password": "guess"})
    client.post("/contact/", {"name": "Jane\u202eenaJ", "email": "jane.doe@example.com", "message": "Hello"})
    client.post("/paypal/webhook/", b'{"id": "forged"}', content_type="application/json")
    client.post("/contact/", {"name": "Jane"}, headers={"Host": "evil.example"})
    Client(enforce_csrf_checks=True).post("/contact/", {"name": "Jane"})
    for line in (
        "privacy.web.rate_limits: limit reached: sign-in account network",
        "django.request: Too Many Requests: accounts:login",
        "privacy.web.text_validation: forbidden characters in a field: CharField",
        "django.request: Bad Request: shop:paypal_webhook",
        "django.security.DisallowedHost: Bad Request: contacts:contact",
        "django.security.csrf: Forbidden (CSRF cookie not set.): contacts:contact",
    ):
        assert f" {line}" in log.getvalue(), line
    for typed in ("jane", "Jane", "guess", "forged"):
        assert typed not in log.getvalue()


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("/{}/", {}, 404),
        ("/orders/{}/", {}, 404),
        ("/orders/{}/download/{}/", {}, 404),
        ("/admin/{}/", {}, 404),
        ("/static/{}.css", {}, 404),
        ("/products/{}/", {}, 404),
        ("/checkout/return/?token={}", {}, 404),
        ("/", {"Host": "{}.example"}, 400),
        ("/", {"Host": "{}..example:x"}, 400),
        ("/admin/shop/order/?{}__x=1", {}, 302),
        ("/admin/shop/order/?q={}&customer__{}=1", {}, 302),
        ("/admin/shop/order/?_to_field={}", {}, 400),
        ("/admin/shop/order/{}/change/", {}, 302),
    ],
)
def test_no_log_line_repeats_what_was_typed(
    staff: Client, log: StringIO, address: str, headers: dict[str, str], status: int
) -> None:
    headers = {name: value.format(CANARY) for name, value in headers.items()}
    response = staff.get(address.replace("{}", CANARY), headers=headers)
    response.getvalue()
    assert response.status_code == status
    assert (" django." in log.getvalue()) == (status >= 400)
    assert CANARY not in log.getvalue()


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Referer": "https://{}.example/privacy/request/{}/"}, "Referer checking failed"),
        ({"Referer": "https://[{}"}, "Referer checking failed"),
        ({"Origin": "https://{}.example"}, "Origin checking failed"),
        ({"Origin": "null", "X-CSRFToken": "{}"}, "Origin checking failed"),
    ],
)
def test_a_forged_forms_origin_is_not_logged(
    product: Product, log: StringIO, headers: dict[str, str], reason: str
) -> None:
    visitor = Client(enforce_csrf_checks=True)
    visitor.get("/contact/", secure=True)
    headers = {name: value.replace("{}", CANARY) for name, value in headers.items()}
    response = visitor.post(f"/contact/?{CANARY}", {CANARY: CANARY}, secure=True, headers=headers)
    assert response.status_code == 403
    assert f"django.security.csrf: Forbidden ({reason}): contacts:contact [request " in log.getvalue()
    assert CANARY not in log.getvalue()


def test_refused_request_is_a_warning_of_one_line(staff: Client, log: StringIO) -> None:
    Client().get("/", headers={"Host": "evil.example"})
    staff.get("/admin/accounts/user/?password__startswith=x")
    staff.post("/admin/", {"seen": "forged"})
    lines = [line.split(" ", 1)[1] for line in log.getvalue().splitlines()]
    assert len([line for line in lines if line.startswith("WARNING django.security.")]) == 3
    assert not [line for line in lines if line.startswith("ERROR") or "Traceback" in line]


@pytest.mark.parametrize("address", ["/go/DEMO/", "/?ref=DEMO"])
def test_a_prefetched_link_is_not_logged(client: Client, alice: Affiliate, log: StringIO, address: str) -> None:
    assert client.get("/no/such/page").status_code == 404
    lines = log.getvalue()
    assert " WARNING django.request: " in lines
    assert client.get(address, headers={"Sec-Purpose": "prefetch"}).status_code == 503
    assert log.getvalue() == lines


@pytest.mark.usefixtures("paypal_down")
def test_an_answer_that_asks_to_come_again_is_a_warning(client: Client, product: Product, log: StringIO) -> None:
    assert client.post("/checkout/bps-pro/", FORM).status_code == 503
    assert " WARNING django.request: Service Unavailable: shop:checkout [request " in log.getvalue()
    assert " ERROR " not in log.getvalue()


def test_log_lines_cannot_be_forged(client: Client, log: StringIO) -> None:
    client.get("/no%0a2026-03-02T12:00:00.000Z%20INFO%20forged:%20all%20is%20well%1b[31m%E2%80%AE/x/")
    logging.getLogger("shop.webhooks.processing").warning(
        "event %s", "1\n2026-03-02T12:00:00.000Z INFO forged: paid\r\x85\u2028"
    )
    lines = log.getvalue().splitlines()
    assert [line for line in lines if LINE.fullmatch(line)] == [line for line in lines if not line.startswith("    ")]
    assert not [line for line in lines if LINE.fullmatch(line) and " forged: " in line.partition(": ")[0]]
    assert "event 1\n    2026" in log.getvalue()
    for unseen in ("\x1b", "\u202e", "\r", "\x85", "\u2028"):
        assert unseen not in log.getvalue()


def test_unexpected_error_is_logged_with_traceback_and_without_its_message(
    log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = "jane.doe" + "@example.com"  # a traceback shows the lines of the source

    def fail(*args: object, **kwargs: object) -> None:
        try:
            raise ValueError(f"no mailbox:\n  {typed}")
        except ValueError as error:
            raise RuntimeError(typed) from error

    monkeypatch.setattr("aitpro.pages.views.HomeView.get_context_data", fail)
    assert Client(raise_request_exception=False).get("/").status_code == 500
    first, *rest = log.getvalue().splitlines()
    assert LINE.fullmatch(first)
    assert "Internal Server Error: site:home" in first
    assert [line for line in rest if line in {"    builtins.ValueError", "    builtins.RuntimeError"}] == [
        "    builtins.ValueError",
        "    builtins.RuntimeError",
    ]
    assert any(line.startswith("      File ") and line.endswith("in fail") for line in rest)
    assert typed not in log.getvalue()


def test_each_handler_of_the_process_drops_personal_data() -> None:
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    handlers = [
        handler
        for logger in loggers
        for handler in logger.handlers
        if not isinstance(handler, logging.NullHandler) and not type(handler).__module__.startswith("_pytest")
    ]
    handlers += Log(Config()).error_log.handlers
    assert len(handlers) >= 2
    assert [each for each in handlers if type(each.formatter) not in FORMATTERS.values()] == []


def test_django_has_no_log_handlers_of_its_own() -> None:
    assert logging.getLogger("django").handlers == []
    assert not logging.getLogger("django.request").handlers


@pytest.mark.parametrize("library", ["fontTools.subset", "imapclient", "pypdf", "a_package_of_tomorrow"])
def test_what_other_packages_work_on_is_not_logged(library: str) -> None:
    assert logging.getLogger("contacts.incoming_mail.intake").isEnabledFor(logging.INFO)
    assert not logging.getLogger(library).isEnabledFor(logging.INFO)


def test_each_app_of_ours_is_logged() -> None:
    assert all(logging.getLogger(app).level == logging.INFO for app in OWN_APPS)
