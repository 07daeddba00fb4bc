"""Each defect of the SDK's transport has a test here that fails without its mending."""

from __future__ import annotations

import base64
import gc
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from shop.paypal.client import PayPalClient
from shop.paypal.config import PayPalConfig
from shop.paypal.errors import Expired, Invalid, NotConfigured, Transient
from shop.paypal.gateway import Gateway, gateway
from tests.shop.paypal.loopback import Answer, Loopback

if TYPE_CHECKING:
    from pytest_django import Settings

KEY = {"PayPal-Request-Id": "cap-1"}
UNAUTHORIZED = Answer(401, {"name": "AUTHENTICATION_FAILURE"})
UNAVAILABLE = Answer(503, {"name": "SERVICE_UNAVAILABLE"}, {"PayPal-Debug-Id": "d503"})


def test_a_get_sends_no_body_and_no_content_type(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer(body={"id": "1"}))
    assert api.get("/thing") == {"id": "1"}
    assert loopback.seen[0].body == b""
    assert loopback.seen[0].headers["Content-Type"] is None


def test_a_post_can_send_nothing_at_all(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer())
    api.post("/thing")
    assert loopback.seen[0].body == b""
    assert loopback.seen[0].headers["Content-Type"] is None
    assert loopback.seen[0].headers["Content-Length"] == "0"


def test_a_post_can_send_an_empty_object(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer())
    api.post("/thing", {})
    assert loopback.seen[0].body == b"{}"
    assert loopback.seen[0].headers["Content-Type"] == "application/json"


def test_a_post_sends_bytes_as_they_are(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer())
    api.post("/thing", b'{"a": 1.0,  "b": {}}')
    assert loopback.seen[0].body == b'{"a": 1.0,  "b": {}}'


def test_headers_of_a_call_stay_out_of_the_token_call(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer())
    api.post("/thing", {}, {**KEY, "Prefer": "return=representation"})
    assert loopback.seen[0].headers["PayPal-Request-Id"] == "cap-1"
    assert loopback.tokens[0].headers["PayPal-Request-Id"] is None
    assert loopback.tokens[0].headers["Prefer"] is None
    assert loopback.tokens[0].body == b"grant_type=client_credentials"
    assert loopback.tokens[0].headers["Authorization"] == f"Basic {base64.b64encode(b'the-client:the-secret').decode()}"


def test_one_token_and_one_connection_serve_several_calls(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer(), Answer())
    api.get("/one")
    api.get("/two")
    assert len(loopback.tokens) == 1
    assert len({request.connection for request in [*loopback.tokens, *loopback.seen]}) == 1
    assert {request.headers["Authorization"] for request in loopback.seen} == {"Bearer token-1"}


def test_a_token_is_not_used_in_its_last_minute(api: PayPalClient, loopback: Loopback) -> None:
    loopback.lifetime = 60
    loopback.will(Answer(), Answer())
    api.get("/one")
    api.get("/two")
    assert [request.headers["Authorization"] for request in loopback.seen] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_is_used_before_its_last_minute(api: PayPalClient, loopback: Loopback) -> None:
    loopback.lifetime = 90
    loopback.will(Answer(), Answer())
    api.get("/one")
    api.get("/two")
    assert len(loopback.tokens) == 1


def test_threads_wait_for_one_token(api: PayPalClient, loopback: Loopback) -> None:
    token = {"access_token": "slow", "token_type": "Bearer", "expires_in": 32400}
    loopback.token_answers.append(Answer(body=token, delay=0.2))
    loopback.will(*[Answer()] * 8)
    threads = [threading.Thread(target=api.get, args=("/thing",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loopback.seen) == 8
    assert len(loopback.tokens) == 1


def test_a_stale_token_is_replaced_and_the_call_repeated(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(UNAUTHORIZED, Answer(body={"id": "1"}))
    assert api.post("/thing", {"a": 1}) == {"id": "1"}
    assert [request.headers["Authorization"] for request in loopback.seen] == ["Bearer token-1", "Bearer token-2"]
    assert [request.body for request in loopback.seen] == [b'{"a": 1}'] * 2


def test_a_late_401_does_not_throw_away_the_token_that_replaced_the_stale_one(
    api: PayPalClient, loopback: Loopback
) -> None:
    stale = api.get_token_hash()
    api._forget(stale)
    fresh = api.get_token_hash()
    api._forget(stale)  # as another thread does whose call went out with the stale one
    assert api.get_token_hash() is fresh
    assert len(loopback.tokens) == 2


def test_a_repeated_401_ends_after_one_fresh_token(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(*[UNAUTHORIZED] * 10)
    with pytest.raises(NotConfigured):
        api.get("/thing")
    assert len(loopback.seen) == 2
    assert len(loopback.tokens) == 2


def test_refused_credentials_are_a_matter_of_configuration(api: PayPalClient, loopback: Loopback) -> None:
    loopback.token_answers.append(Answer(401, {"error": "invalid_client"}))
    with pytest.raises(NotConfigured, match="PAYPAL_CLIENT_ID"):
        api.get("/thing")
    assert loopback.seen == []


@pytest.mark.parametrize("token", [{}, {"access_token": "x"}, {"access_token": None, "expires_in": 9}, b"<html>"])
def test_an_unreadable_token_is_not_kept(api: PayPalClient, loopback: Loopback, token: object) -> None:
    loopback.token_answers.append(Answer(body=token))
    loopback.will(Answer())
    with pytest.raises(Transient):
        api.get("/thing")
    api.get("/thing")
    assert loopback.seen[0].headers["Authorization"] == "Bearer token-2"


def test_a_400_raises(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer(400, {"name": "INVALID_REQUEST", "details": [{"issue": "DECIMAL_PRECISION"}]}))
    with pytest.raises(Invalid) as caught:
        api.post("/thing", {})
    assert caught.value.issues == ("DECIMAL_PRECISION",)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(api: PayPalClient, loopback: Loopback, status: int) -> None:
    loopback.will(Answer(status, headers={"Location": f"{loopback.url}/elsewhere"}))
    with pytest.raises(Transient):
        api.get("/thing")
    assert [request.path for request in loopback.seen] == ["/thing"]


@pytest.fixture
def _nothing_collected() -> Iterator[None]:
    """Parsing 100,000 brackets fills the stack; an old object that is cleared away just then would warn of that."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_nothing_collected")
@pytest.mark.parametrize("content", [b"null", b"[]", b"<html>", b'{"a":', b"[" * 100_000])
def test_an_answer_that_is_not_an_object_leaves_the_outcome_unknown(
    api: PayPalClient, loopback: Loopback, content: bytes
) -> None:
    loopback.will(Answer(201, content, {"PayPal-Debug-Id": "d201"}))
    with pytest.raises(Transient) as caught:
        api.post("/thing", {})
    assert caught.value.debug_id == "d201"


def test_an_empty_answer_is_an_empty_object(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer(200, b""))
    assert api.post("/thing") == {}


def test_silence_leaves_the_outcome_unknown_and_is_not_repeated(
    api: PayPalClient, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.paypal.client.TIMEOUT", (0.2, 0.2))
    loopback.will(Answer(delay=0.6), Answer())
    api.get_token_hash()
    with pytest.raises(Transient) as caught:
        api.post("/thing", {}, KEY)
    assert caught.value.__suppress_context__  # the error beneath holds the request, its token included
    assert len(loopback.seen) == 1


@pytest.mark.parametrize("fault", [UNAVAILABLE, Answer(500, b""), Answer(drop=True)])
def test_a_post_with_a_key_is_repeated_under_the_same_key(api: PayPalClient, loopback: Loopback, fault: Answer) -> None:
    loopback.will(fault, fault, Answer(body={"id": "1"}))
    assert api.post("/thing", {"a": 1}, KEY) == {"id": "1"}
    assert [request.headers["PayPal-Request-Id"] for request in loopback.seen] == ["cap-1"] * 3
    assert [request.body for request in loopback.seen] == [b'{"a": 1}'] * 3


def test_a_get_is_repeated(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(UNAVAILABLE, Answer(body={"id": "1"}))
    assert api.get("/thing") == {"id": "1"}


@pytest.mark.parametrize("fault", [UNAVAILABLE, Answer(429), Answer(drop=True)])
def test_a_post_without_a_key_is_sent_once(api: PayPalClient, loopback: Loopback, fault: Answer) -> None:
    loopback.will(fault, Answer())
    api.get_token_hash()
    with pytest.raises(Transient):
        api.post("/thing")
    assert len(loopback.seen) == 1


def test_client_gives_up_after_three_attempts(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(*[UNAVAILABLE] * 10)
    with pytest.raises(Transient) as caught:
        api.get("/thing")
    assert len(loopback.seen) == 3
    assert caught.value.debug_id == "d503"


def test_too_many_requests_is_not_answered_by_another_one(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer(429), Answer())
    with pytest.raises(Transient):
        api.post("/thing", {}, KEY)
    assert len(loopback.seen) == 1


def test_every_call_has_a_limit_to_connect_and_one_to_answer(
    api: PayPalClient, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[object] = []
    send = api.session.send

    def watched(request: requests.PreparedRequest, **options: object) -> requests.Response:
        limits.append(options["timeout"])
        return send(request, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(api.session, "send", watched)
    loopback.will(Answer())
    api.get("/thing")
    assert limits == [(5, 30), (5, 30)]  # the token's call, and the call itself


def test_a_proxy_of_the_environment_is_not_used_for_the_standin(
    paypal: Gateway, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    loopback.will(Answer(body={"id": "1"}))
    assert paypal.client.get("/thing") == {"id": "1"}


def test_a_forked_process_gets_a_client_of_its_own(paypal: Gateway) -> None:
    """A web worker that shared its parent's connections would read its parent's answers."""
    before, (reader, writer) = id(gateway()), os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, str(id(gateway()) == before).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as said:
        assert said.read() == "False"
    assert gateway() is paypal


def test_no_attempt_begins_after_the_window(
    api: PayPalClient, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.paypal.client.RETRY_WINDOW", 0.1)
    loopback.will(Answer(503, delay=0.2), Answer())
    with pytest.raises(Transient):
        api.get("/thing")
    assert len(loopback.seen) == 1


def test_a_definite_refusal_is_not_repeated(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer(404), Answer())
    with pytest.raises(Expired):
        api.get("/thing")
    assert len(loopback.seen) == 1


def test_a_closed_port_is_given_up_within_seconds(settings: Settings, api: PayPalClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{unused.getsockname()[1]}"
    started = time.monotonic()
    with pytest.raises(Transient):
        PayPalClient(PayPalConfig.from_settings()).get("/thing")
    assert time.monotonic() - started < 5


def test_a_password_in_netrc_does_not_replace_the_token(
    settings: Settings, api: PayPalClient, loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    settings.PAYPAL_MODE = "sandbox"
    loopback.will(Answer())
    PayPalClient(PayPalConfig.from_settings()).get("/thing")
    assert loopback.seen[0].headers["Authorization"] == "Bearer token-1"


def test_cookies_are_not_kept(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer(headers={"Set-Cookie": "silo=1; Path=/"}), Answer())
    api.get("/one")
    api.get("/two")
    assert loopback.seen[1].headers["Cookie"] is None


def test_logs_name_the_call_and_hold_no_secret_and_no_body(
    api: PayPalClient, loopback: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    loopback.will(Answer(body={"email": "payer@example.com"}, headers={"PayPal-Debug-Id": "d200"}))
    api.post("/v1/thing?q=private", {"receiver": "alice@example.com"}, KEY)
    assert "PayPal POST /v1/thing: 200, debug id d200" in caplog.text
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))
    for secret in ("the-secret", "token-1", "payer@example.com", "private", "Basic", "Bearer"):
        assert secret not in ours
    for secret in ("the-secret", "token-1", "@example.com", "Basic", "Bearer"):
        assert secret not in caplog.text


def test_a_debug_id_cannot_forge_a_log_line(api: PayPalClient, loopback: Loopback) -> None:
    loopback.will(Answer(400, {"name": "INVALID_REQUEST", "debug_id": "x\nERROR forged"}))
    with pytest.raises(Invalid) as caught:
        api.get("/thing")
    assert caught.value.debug_id is None
