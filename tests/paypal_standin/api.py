"""A client of the stand-in, with PayPal's paths; every answer is held against PayPal's contract."""

import uuid
from typing import Any

import requests

from . import contract
from .standin_program import Standin

Json = dict[str, Any]
CREDENTIALS = ("standin-client", "standin-secret")
RETURN_URL = "http://127.0.0.1:9/checkout/return/?attempt=1"
CANCEL_URL = "http://127.0.0.1:9/checkout/cancelled/"


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:16]}"


def usd(value: str) -> Json:
    return {"currency_code": "USD", "value": value}


def order_request(**unit: Any) -> Json:
    """A create-order body for one purchase unit, 59.95 USD unless told otherwise."""
    unit = {"amount": usd("59.95"), "custom_id": unique("our"), "description": "BPS Pro", **unit}
    context = {"return_url": RETURN_URL, "cancel_url": CANCEL_URL, "brand_name": "AITpro"}
    source = {"paypal": {"experience_context": context | {"user_action": "PAY_NOW"}}}
    return {"intent": "CAPTURE", "purchase_units": [unit], "payment_source": source}


def issue_of(response: requests.Response) -> str:
    """The first detail's issue in an error envelope."""
    return str(response.json()["details"][0]["issue"])


def capture_of(response: requests.Response) -> Json:
    """The only capture in an order's answer."""
    return dict(response.json()["purchase_units"][0]["payments"]["captures"][0])


class Api:
    """The API calls of a shop, and some actions of its payer."""

    def __init__(self, standin: Standin) -> None:
        self.standin, self.url = standin, standin.url
        self.session = requests.Session()
        self.sign_in()

    def sign_in(self) -> None:
        form = {"grant_type": "client_credentials"}
        answer = requests.post(f"{self.url}/v1/oauth2/token", auth=CREDENTIALS, data=form, timeout=10)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, *, key: str = "", all: bool = True, **options: Any) -> requests.Response:
        """One call; its answer must follow PayPal's OpenAPI files where they are at hand."""
        headers = {"Prefer": "return=representation"} if all else {}
        headers |= ({"PayPal-Request-Id": key} if key else {}) | options.pop("headers", {})
        answer = self.raw(method, path, headers=headers, **options)
        if contract.is_here():
            status = answer.status_code
            contract.check(answer, self.url)
            answer.status_code = status
        return answer

    def raw(self, method: str, path: str, **options: Any) -> requests.Response:
        """One call whose answer may be anything."""
        options = {"timeout": 20, "allow_redirects": False} | options
        return self.session.request(method, self.url + path, **options)

    def create(self, **unit: Any) -> Json:
        answer = self.call("POST", "/v2/checkout/orders", key=unique("ord"), json=order_request(**unit))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def refuse(self, data: Json) -> str:
        """The issue for which this order is refused."""
        return issue_of(self.call("POST", "/v2/checkout/orders", key=unique("ord"), json=data))

    def order(self, order_id: str) -> requests.Response:
        return self.call("GET", f"/v2/checkout/orders/{order_id}")

    def choose(self, order_id: str, choice: str = "pay", **form: str) -> requests.Response:
        """What the payer does on the approve page."""
        return self.raw("POST", f"/checkoutnow?token={order_id}", data={"choice": choice, **form})

    def capture(self, order_id: str, key: str = "", **options: Any) -> requests.Response:
        path = f"/v2/checkout/orders/{order_id}/capture"
        return self.call("POST", path, key=key or unique("cap"), json={}, **options)

    def paid(self, outcome: str = "completed", **unit: Any) -> Json:
        """The capture of a new order that the payer has approved."""
        order = self.create(**unit)
        self.choose(order["id"], outcome=outcome)
        answer = self.capture(order["id"])
        assert answer.status_code == 201, answer.text
        return capture_of(answer) | {"order_id": order["id"]}

    def capture_now(self, capture_id: str) -> Json:
        return dict(self.call("GET", f"/v2/payments/captures/{capture_id}").json())

    def refund(self, capture_id: str, amount: str = "", key: str = "", **options: Any) -> requests.Response:
        body = {"amount": usd(amount)} if amount else {}
        path = f"/v2/payments/captures/{capture_id}/refund"
        return self.call("POST", path, key=key or unique("ref"), json=options.pop("json", body), **options)

    def act(self, capture_id: str, action: str, **form: str) -> requests.Response:
        """A button of the overview page."""
        return self.raw("POST", f"/standin/captures/{capture_id}/{action}", data=form)

    def fault(self, kind: str, path_contains: str = "", **more: Any) -> None:
        body = {"kind": kind, "path_contains": path_contains} | more
        assert self.raw("POST", "/standin/faults", json=body).status_code == 201

    def advance_clock(self, **time: float) -> None:
        units = {"seconds": 1, "hours": 3600, "days": 86400}
        seconds = sum(units[unit] * amount for unit, amount in time.items())
        self.raw("POST", "/standin/clock", json={"seconds": seconds})

    def tidy(self) -> None:
        """Leave no fault and no changed clock to the next test."""
        self.raw("DELETE", "/standin/faults")
        self.raw("DELETE", "/standin/clock")
        self.session.close()
