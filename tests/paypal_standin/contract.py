"""PayPal's own OpenAPI files, and a check of answers against them."""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from .standin_program import ROOT

FILES = {
    "/v2/checkout/": "checkout_orders_v2.json",
    "/v2/payments/": "payments_payment_v2.json",
    "/v1/payments/payouts": "payments_payouts_batch_v1.json",
    "/v1/notifications/verify": "notifications_webhooks_v1.json",
    "/v1/notifications/webhooks/": "notifications_webhooks_v1.json",
}


def folder() -> Path:
    """Where the files are: outside the project, since they are PayPal's."""
    return (ROOT / os.environ.get("PAYPAL_OPENAPI_DIR", "../shared/paypal-openapi")).resolve()


def is_here() -> bool:
    return folder().is_dir()


@lru_cache
def _definition(name: str, server: str) -> OpenAPI:
    data: dict[str, Any] = json.loads((folder() / name).read_text())
    # The files name PayPal's hosts only.
    data["servers"] = [{"url": server}]
    # Whether PayPal's files are valid themselves is not our question, and would take seconds to find out.
    return OpenAPI.from_dict(data, config=Config(spec_validator_cls=None))


def check(response: requests.Response, server: str) -> bool:
    """Raise where the answer breaks the contract; False where no file describes the path."""
    path = str(response.request.path_url)
    name = next((name for start, name in FILES.items() if path.startswith(start)), None)
    if name is None:
        return False
    answer = RequestsOpenAPIResponse(response)
    request = RequestsOpenAPIRequest(response.request)
    _definition(name, server).validate_response(request, _as_described(answer))
    return True


def _as_described(answer: RequestsOpenAPIResponse) -> RequestsOpenAPIResponse:
    # The file for refunds lists only the first answer, 201; a replay has the same body and 200.
    request = answer.response.request
    if answer.status_code == 200 and str(request.path_url).endswith("/refund"):
        answer.response.status_code = 201
    return answer
