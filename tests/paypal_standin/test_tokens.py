"""Access tokens."""

import pytest
import requests

from .api import CREDENTIALS, Api
from .standin_program import Standin

FORM = {"grant_type": "client_credentials"}


def test_the_right_credentials_get_a_token_with_its_lifetime(standin: Standin) -> None:
    answer = requests.post(f"{standin.url}/v1/oauth2/token", auth=CREDENTIALS, data=FORM, timeout=10)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 32400


@pytest.mark.parametrize("auth", [("standin-client", "wrong"), ("wrong", "standin-secret"), None])
def test_wrong_credentials_get_401(standin: Standin, auth: tuple[str, str] | None) -> None:
    answer = requests.post(f"{standin.url}/v1/oauth2/token", auth=auth, data=FORM, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_another_grant_type_is_refused(standin: Standin) -> None:
    form = {"grant_type": "password"}
    answer = requests.post(f"{standin.url}/v1/oauth2/token", auth=CREDENTIALS, data=form, timeout=10)
    assert answer.status_code == 400


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic abc"])
def test_an_unknown_bearer_gets_paypals_error_envelope(api: Api, header: str) -> None:
    answer = api.call("GET", "/v2/checkout/orders/ANY", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["name"] == "AUTHENTICATION_FAILURE"
    assert answer.json()["debug_id"] == answer.headers["PayPal-Debug-Id"]


def test_a_token_expires(api: Api) -> None:
    order = api.create()
    api.advance_clock(hours=9)
    assert api.order(order["id"]).status_code == 401
    api.sign_in()
    assert api.order(order["id"]).status_code == 404


def test_every_answer_has_a_debug_id_of_its_own(api: Api) -> None:
    answers = [api.raw("GET", path) for path in ("/v2/checkout/orders/NONE", "/v1/nowhere", "/")]
    assert len({answer.headers["PayPal-Debug-Id"] for answer in answers}) == 3
