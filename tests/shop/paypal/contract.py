"""An HTTP adapter that holds every request and answer against PayPal's own OpenAPI files.

Whatever a test says to the stand-in through `paypal` or `standin_gateway` goes through it, where the files are at hand.
Not in them: the token call and disputes. What the stand-in answers wrongly on request is not held against it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from shop.paypal.transport import BoundedAdapter

ROOT = Path(__file__).resolve().parent.parent.parent.parent
HOST = "https://api-m.sandbox.paypal.com"  # the files know only PayPal's hosts
FILES = {
    "/v2/checkout/orders": "checkout_orders_v2.json",
    "/v2/payments/": "payments_payment_v2.json",
    "/v1/payments/payouts": "payments_payouts_batch_v1.json",
    "/v1/notifications/verify": "notifications_webhooks_v1.json",
}
ANSWER_ONLY = "/v1/notifications/verify"  # the file marks the event in the request as read-only


class ContractAdapter(BoundedAdapter):
    """Raises openapi-core's error where the traffic departs from the files; `checked` lists what it has looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.checked: list[tuple[str, str, int]] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        path = urlsplit(request.url or "").path
        name = next((file for start, file in FILES.items() if path.startswith(start)), None)
        if name and "Standin-Fault" not in response.headers:
            self._check(specification(name), request, response)
            self.checked.append((request.method or "", path, response.status_code))
        return response

    @staticmethod
    def _check(openapi: OpenAPI, request: requests.PreparedRequest, response: requests.Response) -> None:
        parts = urlsplit(request.url or "")
        again = request.copy()
        again.url = HOST + parts.path + (f"?{parts.query}" if parts.query else "")
        asked = RequestsOpenAPIRequest(again)
        if not parts.path.startswith(ANSWER_ONLY):
            openapi.validate_request(asked)
        openapi.validate_response(asked, _Described(response))


class _Described(RequestsOpenAPIResponse):
    @property
    def status_code(self) -> int:
        """The file of refunds knows only the first answer, 201; its replay has the same body and 200."""
        replayed = self.response.status_code == 200 and str(self.response.request.path_url).endswith("/refund")
        return 201 if replayed else int(self.response.status_code)


@contextmanager
def checked_against_the_files(session: requests.Session, url: str) -> Iterator[ContractAdapter | None]:
    """While the block runs, what the session says to this address is checked; None where the files are absent."""
    if not folder().is_dir():
        yield None
        return
    adapter = ContractAdapter()
    session.mount(url, adapter)
    yield adapter
    del session.adapters[url]  # the gateway is kept for the tests that follow
    adapter.close()


def folder() -> Path:
    return Path(os.environ.get("PAYPAL_OPENAPI_DIR") or ROOT.parent / "shared" / "paypal-openapi")


@cache
def specification(name: str) -> OpenAPI:
    document = json.loads((folder() / name).read_text(), object_hook=_without_security)
    return OpenAPI.from_dict(document)


def _without_security(found: dict[str, Any]) -> dict[str, Any]:
    """openapi-core knows no OAuth 2 and would warn at each call; the server checks the token anyway."""
    return {name: value for name, value in found.items() if name != "security"}
