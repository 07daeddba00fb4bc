"""HTTP and OAuth to PayPal: PayPal's archived SDK, with its transport replaced.

The SDK (paypalrestsdk 1.13.3) keeps the token and builds the headers. It has no timeouts, retries a 401 for ever,
returns a 400 as if it were an answer, sends `null` with a GET, lets a caller's headers into the token call and logs
bodies. All requests go through `http_call` and all responses through `handle_response`, so this subclass overrides
those.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from django.views.decorators.debug import sensitive_variables
from paypalrestsdk.api import Api  # type: ignore[import-untyped,unused-ignore]

from privacy.web.bounded_sockets import deadline, remaining
from shop.paypal.config import PayPalConfig
from shop.paypal.errors import Transient

from .error_mapping import Busy, Unauthorized, clean_debug_id, refusal
from .silence import Silence
from .transport import BodyTooLarge, paypal_session, read_body

log = logging.getLogger(__name__)

WITHIN = 30  # seconds for a whole call: token, repetitions, and the answer to its last byte
TIMEOUT = (5, WITHIN)  # seconds to connect, seconds without a byte
LARGEST = 4 * 1024 * 1024  # bytes of an answer; a page of 100 payouts has about 150,000
REPEATS = 2  # at once, and never after a pause: somebody waits for the page, and housekeeping asks again anyway
RETRY_WINDOW = 8  # seconds after the first attempt in which another one may begin
TOKEN_MARGIN = 60  # seconds before its end in which a token is no longer used


class PayPalClient(Api):  # type: ignore[misc,unused-ignore]  # the SDK has no types
    """One per process and configuration; threads share it.

    Raises the errors of `shop.paypal.errors` and nothing else. A GET, and a POST that carries a key, is repeated at
    once and at most twice on a failed connection or 5xx; a POST without a key is sent once. Each call ends `WITHIN`
    seconds, also if PayPal drips its answer; while PayPal is silent (`shop.paypal.silence`), most end at once.
    """

    def __init__(self, config: PayPalConfig) -> None:
        super().__init__(
            mode="live" if config.mode == "live" else "sandbox",
            endpoint=config.base_url,
            client_id=config.client_id,
            client_secret=config.client_secret,
        )
        self.session = paypal_session(use_proxies=config.mode != "standin")
        self._token_lock = threading.Lock()
        self._token_until = 0.0
        self.token_hash: dict[str, Any] | None = None
        self._silence = Silence()

    def get(self, action: str, headers: dict[str, str] | None = None, refresh_token: None = None) -> dict[str, Any]:
        return self.request(self.endpoint + action, "GET", headers=headers)

    def post(
        self,
        action: str,
        params: dict[str, Any] | bytes | None = None,
        headers: dict[str, str] | None = None,
        refresh_token: None = None,
        *,
        repeatable: bool = False,
    ) -> dict[str, Any]:
        """`None` sends no body, `{}` sends `{}`, bytes are sent unchanged."""
        return self.request(self.endpoint + action, "POST", params, headers, repeatable=repeatable)

    @sensitive_variables()
    def request(
        self,
        url: str,
        method: str,
        body: dict[str, Any] | bytes | None = None,
        headers: dict[str, str] | None = None,
        refresh_token: None = None,
        *,
        repeatable: bool = False,
    ) -> dict[str, Any]:
        """Sends the request with the token, and again with a fresh one after a 401 (nothing was done then)."""
        call: dict[str, Any] = {
            "data": json.dumps(body).encode() if isinstance(body, dict) else body,
            "repeatable": repeatable or method == "GET" or "PayPal-Request-Id" in (headers or {}),
        }
        with deadline(WITHIN):
            token = self.get_token_hash()
            try:
                return self.http_call(url, method, headers=self._headers(token, body, headers), **call)
            except Unauthorized:
                self._forget(token)
            token = self.get_token_hash()
            return self.http_call(url, method, headers=self._headers(token, body, headers), **call)

    @sensitive_variables()
    def http_call(self, url: str, method: str, *, repeatable: bool = True, **kwargs: Any) -> dict[str, Any]:
        """The SDK calls this directly for a token request, which is safe to repeat."""
        started = time.monotonic()
        for _ in range(REPEATS if repeatable else 0):
            try:
                return self._send(url, method, **kwargs)
            except Busy:
                if time.monotonic() - started > RETRY_WINDOW:
                    raise
        return self._send(url, method, **kwargs)

    def handle_response(self, response: requests.Response, content: bytes) -> dict[str, Any]:
        """The response's JSON object, `{}` if empty; raises for anything but 2xx."""
        debug_id = clean_debug_id(response.headers.get("PayPal-Debug-Id"))
        if not 200 <= response.status_code <= 299:
            raise refusal(response.status_code, _json(content), debug_id)
        answer = _json(content) if content else {}
        if not isinstance(answer, dict):
            raise Transient("PayPal's answer is unreadable; the outcome is unknown", debug_id=debug_id)
        return answer

    def get_token_hash(
        self,
        authorization_code: None = None,
        refresh_token: None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """The current token, or a new one. `headers` are not passed on: they belong to the API call, not to the token
        request."""
        with deadline(WITHIN), self._locked_token():
            self.validate_token_hash()
            return self.token_hash or self._keep(super().get_token_hash())

    def validate_token_hash(self) -> None:
        if time.monotonic() >= self._token_until:
            self.token_hash = None

    @sensitive_variables()
    def _send(self, url: str, method: str, **kwargs: Any) -> dict[str, Any]:
        path = urlsplit(url).path
        self._silence.require_over()
        options: dict[str, Any] = {"timeout": TIMEOUT, "allow_redirects": False, "stream": True, **kwargs}
        try:
            with self.session.request(method, url, **options) as response:
                content = read_body(response, at_most=LARGEST)
        except (requests.RequestException, BodyTooLarge) as error:
            # The class says what happened; the text might quote an address and the chained error holds the request.
            log.warning("PayPal %s %s: %s", method, path, type(error).__name__)
            late = isinstance(error, requests.Timeout) or remaining() <= 0
            if late:
                self._silence.met()
            raise (Transient() if late or isinstance(error, BodyTooLarge) else Busy()) from None
        self._silence.ended()
        debug_id = clean_debug_id(response.headers.get("PayPal-Debug-Id"))
        log.info("PayPal %s %s: %d, debug id %s", method, path, response.status_code, debug_id)
        return self.handle_response(response, content)

    def _headers(
        self, token: dict[str, Any], body: dict[str, Any] | bytes | None, extra: dict[str, str] | None
    ) -> dict[str, str]:
        content_type = {} if body is None else {"Content-Type": "application/json"}
        return {
            "Authorization": f"Bearer {token['access_token']}",
            "Accept": "application/json",
            "User-Agent": self.user_agent,
            **content_type,
            **(extra or {}),
        }

    @contextmanager
    def _locked_token(self) -> Iterator[None]:
        """Another thread may be waiting for a silent PayPal meanwhile: each waits no longer than its own call may."""
        if not self._token_lock.acquire(timeout=max(remaining(), 0)):
            raise Transient
        try:
            yield
        finally:
            self._token_lock.release()

    def _keep(self, token: dict[str, Any]) -> dict[str, Any]:
        lifetime = token.get("expires_in")
        if not isinstance(token.get("access_token"), str) or not isinstance(lifetime, int):
            self.token_hash = None
            raise Transient("PayPal's token is unreadable")
        self._token_until = time.monotonic() + lifetime - TOKEN_MARGIN
        return token

    def _forget(self, token: dict[str, Any]) -> None:
        with deadline(WITHIN), self._locked_token():
            if self.token_hash is token:  # another thread may have fetched a fresh one meanwhile
                self.token_hash = None


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
