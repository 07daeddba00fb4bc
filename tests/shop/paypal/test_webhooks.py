"""A webhook counts only if PayPal signed these very bytes for this site."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from shop.paypal import certificates
from shop.paypal.config import PayPalConfig
from shop.paypal.errors import NotConfigured, Transient, WebhookRejected
from shop.paypal.gateway import Gateway
from tests.shop.paypal.authority import Signer, intermediate, leaf, root
from tests.shop.paypal.loopback import Answer, Loopback

if TYPE_CHECKING:
    from pytest_django import Settings

PATH = "/v1/notifications/certs/CERT-360caa42-fca2a594"
VERIFY = "/v1/notifications/verify-webhook-signature"
# The blanks, `{}` and `1.0` do not survive being decoded and encoded again by every library.
RAW = (
    b'{"id":"WH-1", "event_type":"PAYMENT.CAPTURE.COMPLETED","resource_type":"capture",'
    b'"create_time":"2026-01-02T03:04:05.678Z","resource":{"id":"3C6","empty":{},"rate":1.0,"name":"J\xc3\xb6rg"}}'
)


class Sender:
    """PayPal's side: signs with the leaf and serves it, with its intermediate, on the loopback server."""

    def __init__(self, loopback: Loopback, signer: Signer, *chain: Signer) -> None:
        self.url = loopback.url + PATH
        self.signer = signer
        loopback.pages[PATH] = Answer(body=b"".join(each.pem for each in (signer, *chain)))

    def headers(self, raw: bytes = RAW, /, *, webhook_id: str = "WH1", **changes: str) -> dict[str, str]:
        message = f"69cd13f0|2026-01-02T03:04:06Z|{webhook_id}|{zlib.crc32(raw)}".encode()
        headers = {
            "Paypal-Auth-Algo": "SHA256withRSA",
            "Paypal-Cert-Url": self.url,
            "Paypal-Transmission-Id": "69cd13f0",
            "Paypal-Transmission-Sig": base64.b64encode(self.signer.sign(message)).decode(),
            "Paypal-Transmission-Time": "2026-01-02T03:04:06Z",
        }
        return headers | {name.replace("_", "-").title(): value for name, value in changes.items()}


@pytest.fixture
def sender(paypal: Gateway, loopback: Loopback, tmp_path: Path) -> Sender:
    (tmp_path / "ca.pem").write_bytes(root().pem)
    middle = intermediate(root())
    return Sender(loopback, leaf(middle), middle)


def test_a_signed_event_is_read(paypal: Gateway, sender: Sender) -> None:
    event = paypal.verify_webhook(sender.headers(), RAW)
    assert (event.id, event.event_type, event.resource_type) == ("WH-1", "PAYMENT.CAPTURE.COMPLETED", "capture")
    assert event.resource["id"] == "3C6"
    assert event.created_at == datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


def test_the_case_of_header_names_does_not_matter(paypal: Gateway, sender: Sender) -> None:
    headers = {name.upper(): value for name, value in sender.headers().items()}
    assert paypal.verify_webhook(headers, RAW).id == "WH-1"


def test_a_certificate_is_fetched_once_without_credentials(paypal: Gateway, sender: Sender, loopback: Loopback) -> None:
    for _ in range(3):
        paypal.verify_webhook(sender.headers(), RAW)
    assert [request.path for request in loopback.seen] == [PATH]
    assert loopback.seen[0].headers["Authorization"] is None
    assert loopback.tokens == []


def test_few_certificates_are_remembered(
    paypal: Gateway, sender: Sender, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "MAX_CACHED", 2)
    for number in (1, 2, 3, 1):
        loopback.pages[f"{PATH}-{number}"] = loopback.pages[PATH]
        paypal.verify_webhook(sender.headers(paypal_cert_url=f"{sender.url}-{number}"), RAW)
    assert len(loopback.seen) == 4


@pytest.mark.parametrize(
    "raw", [RAW + b" ", RAW.replace(b"1.0", b"1"), RAW.replace(b"3C6", b"3C7"), json.dumps(json.loads(RAW)).encode()]
)
def test_a_changed_body_is_rejected_without_asking_paypal(
    paypal: Gateway, sender: Sender, loopback: Loopback, raw: bytes
) -> None:
    with pytest.raises(WebhookRejected, match="does not match"):
        paypal.verify_webhook(sender.headers(), raw)
    assert [request.path for request in loopback.seen] == [PATH]


def test_a_message_for_another_webhook_is_rejected(paypal: Gateway, sender: Sender) -> None:
    with pytest.raises(WebhookRejected, match="does not match"):
        paypal.verify_webhook(sender.headers(webhook_id="WH2"), RAW)


@pytest.mark.parametrize("name", ["paypal_transmission_id", "paypal_transmission_time"])
def test_a_changed_header_is_rejected(paypal: Gateway, sender: Sender, name: str) -> None:
    with pytest.raises(WebhookRejected, match="does not match"):
        paypal.verify_webhook(sender.headers(**{name: "2026"}), RAW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paypal_auth_algo", "SHA1withRSA"),
        ("paypal_auth_algo", ""),
        ("paypal_transmission_id", "a|b"),
        ("paypal_transmission_sig", "é"),
        ("paypal_transmission_sig", "A" * 1025),
        ("paypal_transmission_time", "now"),
    ],
)
def test_malformed_headers_are_rejected_before_any_work(
    paypal: Gateway, sender: Sender, loopback: Loopback, name: str, value: str
) -> None:
    with pytest.raises(WebhookRejected, match="headers"):
        paypal.verify_webhook(sender.headers(**{name: value}), RAW)
    assert loopback.seen == []


@pytest.mark.parametrize("missing", range(5))
def test_a_missing_header_is_rejected(paypal: Gateway, sender: Sender, missing: int) -> None:
    headers = sender.headers()
    del headers[list(headers)[missing]]
    with pytest.raises(WebhookRejected, match="headers"):
        paypal.verify_webhook(headers, RAW)


def test_a_signature_that_is_not_base64_is_rejected(paypal: Gateway, sender: Sender) -> None:
    with pytest.raises(WebhookRejected, match="unreadable"):
        paypal.verify_webhook(sender.headers(paypal_transmission_sig="abc"), RAW)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'{"id":"1"}',
        b'{"id":"1","event_type":"X","resource":[]}',
        b'{"id":1,"event_type":"X","resource":{}}',
        b'{"id":"1","event_type":"X","resource":{"a":NaN}}',
        b'{"id":"1","event_type":"X","resource":{}}, "webhook_id": "other"',
        b'{"id":"1","event_type":"X","resource":{},"create_time":"soon"}',
        b"\xff\xfe{\x00}\x00",
        b"[" * 100_000,
    ],
)
def test_body_that_is_not_an_event_is_rejected(paypal: Gateway, sender: Sender, loopback: Loopback, raw: bytes) -> None:
    with pytest.raises(WebhookRejected, match="not an event"):
        paypal.verify_webhook(sender.headers(raw), raw)
    assert loopback.seen == []


def test_an_oversized_body_is_rejected(paypal: Gateway, sender: Sender, loopback: Loopback) -> None:
    raw = RAW + b" " * 1024 * 1024
    with pytest.raises(WebhookRejected, match="too large"):
        paypal.verify_webhook(sender.headers(raw), raw)
    assert loopback.seen == []


@pytest.mark.parametrize(
    "cert_url",
    [
        "http://127.0.0.1:1" + PATH,
        "https://api.paypal.com" + PATH,
        "{origin}/v1/notifications/certs/",
        "{origin}/v1/notifications/certs/../../../etc",
        "{origin}/v1/notifications/certs/%2e%2e",
        "{origin}/v1/notifications/certs/a/b",
        "{origin}/other/CERT-1",
        "{origin}" + PATH + "?x=1",
        "{origin}" + PATH + "#x",
        "{origin}@example.com" + PATH,
        "file://" + PATH,
        "http://[" + PATH,
        "http://127.0.0.1:999999" + PATH,
        PATH,
    ],
)
def test_a_certificate_from_elsewhere_is_never_fetched(
    paypal: Gateway, sender: Sender, loopback: Loopback, cert_url: str
) -> None:
    with pytest.raises(WebhookRejected, match="address"):
        paypal.verify_webhook(sender.headers(paypal_cert_url=cert_url.format(origin=loopback.url)), RAW)
    assert loopback.seen == []


@pytest.mark.parametrize(
    ("mode", "cert_url", "allowed"),
    [
        ("live", "https://api.paypal.com" + PATH, True),
        ("live", "https://api-m.paypal.com:443" + PATH, True),
        ("live", "https://API.PayPal.com" + PATH, True),
        ("live", "https://api.sandbox.paypal.com" + PATH, False),
        ("live", "http://api.paypal.com" + PATH, False),
        ("live", "https://api.paypal.com:8443" + PATH, False),
        ("live", "https://api.paypal.com.example.com" + PATH, False),
        ("live", "https://api.paypal.com@example.com" + PATH, False),
        ("live", "https://user@api.paypal.com" + PATH, False),
        ("live", "https://www.paypal.com" + PATH, False),
        ("live", "https://127.0.0.1" + PATH, False),
        ("sandbox", "https://api.sandbox.paypal.com" + PATH, True),
        ("sandbox", "https://api-m.sandbox.paypal.com" + PATH, True),
        ("sandbox", "https://api.paypal.com" + PATH, False),
    ],
)
def test_paypals_own_hosts_are_allowed_over_https(settings: Settings, mode: str, cert_url: str, allowed: bool) -> None:
    settings.PAYPAL_MODE = mode
    settings.PAYPAL_BASE_URL = settings.PAYPAL_TRUST_ROOTS = "https://api-m.paypal.com"
    settings.PAYPAL_CLIENT_ID = settings.PAYPAL_CLIENT_SECRET = settings.PAYPAL_WEBHOOK_ID = "x"
    config = PayPalConfig.from_settings()
    if allowed:
        assert certificates.allowed_url(cert_url, config).startswith("https://api")
        return
    with pytest.raises(WebhookRejected):
        certificates.allowed_url(cert_url, config)


def test_a_redirected_certificate_is_rejected(paypal: Gateway, sender: Sender, loopback: Loopback) -> None:
    loopback.pages["/elsewhere"] = loopback.pages[PATH]
    loopback.pages[PATH] = Answer(302, headers={"Location": f"{loopback.url}/elsewhere"})
    with pytest.raises(WebhookRejected, match="does not exist"):
        paypal.verify_webhook(sender.headers(), RAW)
    assert [request.path for request in loopback.seen] == [PATH]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "unreadable"),
        (b"<html>", "unreadable"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "unreadable"),
        (b" " * 65 * 1024, "too large"),
        (root().pem * 9, "too long"),
    ],
)
def test_a_certificate_that_is_none_is_rejected(
    paypal: Gateway, sender: Sender, loopback: Loopback, content: bytes, reason: str
) -> None:
    loopback.pages[PATH] = Answer(body=content)
    with pytest.raises(WebhookRejected, match=reason):
        paypal.verify_webhook(sender.headers(), RAW)


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param((leaf(root("Foreign")), root("Foreign")), id="another authority"),
        pytest.param((leaf(intermediate(root())),), id="the intermediate is missing"),
        pytest.param((leaf(root(), name="www.sandbox.paypal.com"),), id="another name"),
        pytest.param((leaf(root(), name="messageverificationcerts.paypal.com"),), id="the name of live"),
        pytest.param((leaf(root(), days=-1),), id="expired"),
        pytest.param((leaf(leaf(root())), leaf(root())), id="issued by a leaf"),
        pytest.param((root(),), id="the root itself"),
    ],
)
def test_a_certificate_that_is_not_paypals_is_rejected_and_forgotten(
    paypal: Gateway, sender: Sender, loopback: Loopback, chain: tuple[Signer, ...]
) -> None:
    false = Sender(loopback, *chain)
    for _ in range(2):
        with pytest.raises(WebhookRejected, match="not PayPal's"):
            paypal.verify_webhook(false.headers(), RAW)
    assert [request.path for request in loopback.seen] == [PATH, PATH]


def test_a_certificate_without_an_rsa_key_is_rejected(paypal: Gateway, sender: Sender, loopback: Loopback) -> None:
    headers = sender.headers()
    Sender(loopback, leaf(root(), leaf_key=ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(WebhookRejected, match="RSA"):
        paypal.verify_webhook(headers, RAW)


def test_missing_trust_roots_are_a_matter_of_configuration(paypal: Gateway, sender: Sender, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").unlink()
    with pytest.raises(NotConfigured, match="PAYPAL_TRUST_ROOTS"):
        paypal.verify_webhook(sender.headers(), RAW)


@pytest.mark.parametrize("fault", [Answer(500), Answer(429), Answer(drop=True)])
def test_paypal_is_asked_about_the_raw_bytes_when_the_certificate_is_out_of_reach(
    paypal: Gateway, sender: Sender, loopback: Loopback, fault: Answer
) -> None:
    loopback.pages[PATH] = fault
    loopback.pages[VERIFY] = Answer(body={"verification_status": "SUCCESS"})
    headers = sender.headers()
    assert paypal.verify_webhook(headers, RAW).id == "WH-1"
    body = loopback.seen[-1].body
    assert body.endswith(b'"webhook_event": ' + RAW + b"}")
    assert {name: value for name, value in json.loads(body).items() if name != "webhook_event"} == {
        "auth_algo": "SHA256withRSA",
        "cert_url": sender.url,
        "transmission_id": "69cd13f0",
        "transmission_sig": headers["Paypal-Transmission-Sig"],
        "transmission_time": "2026-01-02T03:04:06Z",
        "webhook_id": "WH1",
    }


@pytest.mark.parametrize(
    "answer", [Answer(body={"verification_status": "FAILURE"}), Answer(body={}), Answer(400), Answer(404)]
)
def test_event_that_paypal_does_not_confirm_is_rejected(
    paypal: Gateway, sender: Sender, loopback: Loopback, answer: Answer
) -> None:
    loopback.pages |= {PATH: Answer(500), VERIFY: answer}
    with pytest.raises(WebhookRejected):
        paypal.verify_webhook(sender.headers(), RAW)


def test_nobody_could_tell_is_not_a_rejection(paypal: Gateway, sender: Sender, loopback: Loopback) -> None:
    loopback.pages |= {PATH: Answer(500), VERIFY: Answer(503)}
    with pytest.raises(Transient):
        paypal.verify_webhook(sender.headers(), RAW)
