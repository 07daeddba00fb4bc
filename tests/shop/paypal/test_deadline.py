"""A call to PayPal ends, however slowly the answer comes and however long it is."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from privacy.web.bounded_sockets import deadline, remaining
from shop.paypal.certificates import CertificateSource, CertificateUnavailable
from shop.paypal.client import PayPalClient
from shop.paypal.config import PayPalConfig
from shop.paypal.errors import Transient
from tests.imap_server import certify
from tests.shop.paypal.dripping import dripping
from tests.shop.paypal.loopback import Answer, Loopback

if TYPE_CHECKING:
    from pytest_django import Settings

TOO_LONG = 5  # seconds; a call that is not ended would take hours


@pytest.fixture
def _within(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop.paypal.client.WITHIN", 0.5)
    monkeypatch.setattr("shop.paypal.certificates.WITHIN", 0.5)


@pytest.fixture
def started() -> Iterator[float]:
    started = time.monotonic()
    yield started
    assert time.monotonic() - started < TOO_LONG


def client_at(url: str, settings: Settings) -> PayPalClient:
    settings.PAYPAL_BASE_URL = url
    return PayPalClient(PayPalConfig.from_settings())


@pytest.mark.usefixtures("_within", "started", "paypal")
@pytest.mark.parametrize("part", ["token", "status line", "headers", "body"])
def test_a_dripping_answer_ends_with_an_unknown_outcome(settings: Settings, part: str) -> None:
    with dripping(part) as port:
        client = client_at(f"http://127.0.0.1:{port}", settings)
        with pytest.raises(Transient) as caught:
            client.post("/thing", {}, {"PayPal-Request-Id": "cap-1"})
        client.session.close()
    assert caught.value.__suppress_context__


@pytest.mark.usefixtures("_within", "started", "paypal")
@pytest.mark.parametrize("part", ["handshake", "headers", "body"])
def test_an_answer_that_drips_over_tls_ends(settings: Settings, tmp_path: Path, part: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", certify(tmp_path / "certificate.pem"))
    with dripping(part, tls=context) as port:
        client = client_at(f"https://127.0.0.1:{port}", settings)
        client.session.verify = str(tmp_path / "certificate.pem")
        with pytest.raises(Transient):
            client.get("/thing")
        assert (client.token_hash is None) == (part == "handshake")
        client.session.close()


@pytest.mark.usefixtures("_within", "started", "paypal")
def test_a_dripping_certificate_ends(settings: Settings) -> None:
    with dripping("body") as port:
        client = client_at(f"http://127.0.0.1:{port}", settings)
        source = CertificateSource(PayPalConfig.from_settings(), client.session)
        with pytest.raises(CertificateUnavailable):
            source.public_key(f"http://127.0.0.1:{port}/v1/notifications/certs/CERT-1")
        client.session.close()


@pytest.mark.usefixtures("_within", "started", "paypal")
def test_threads_do_not_wait_for_each_others_silent_token_in_turn(settings: Settings) -> None:
    ends: list[float] = []

    def call() -> None:
        with pytest.raises(Transient):
            client.get("/thing")
        ends.append(time.monotonic())

    with dripping("token") as port:
        client = client_at(f"http://127.0.0.1:{port}", settings)
        threads = [threading.Thread(target=call) for _ in range(8)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.session.close()
    assert len(ends) == 8
    assert max(ends) - begun < 8 * 0.5


@pytest.mark.usefixtures("started", "paypal")
def test_the_earlier_of_two_deadlines_counts(settings: Settings) -> None:
    with dripping("body") as port, deadline(0.3):
        client = client_at(f"http://127.0.0.1:{port}", settings)
        with pytest.raises(Transient):
            client.get("/thing")
        client.session.close()
        assert remaining() <= 0
        with deadline(60):
            assert remaining() <= 0


def test_while_paypal_is_silent_one_caller_at_a_time_finds_out(
    api: PayPalClient, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.paypal.client.TIMEOUT", (1, 0.2))
    monkeypatch.setattr("shop.paypal.silence.PAUSE", 2)
    loopback.will(*[Answer(delay=0.5)] * 3, Answer(body={"id": "1"}), Answer(body={"id": "2"}))
    api.get_token_hash()
    for _ in range(3):
        with pytest.raises(Transient, match="did not answer"):
            api.get("/thing")
    for _ in range(5):
        with pytest.raises(Transient, match="was not asked"):
            api.get("/thing")
    assert len(loopback.seen) == 3
    time.sleep(2)
    assert [api.get("/thing")["id"] for _ in range(2)] == ["1", "2"]


def test_an_answer_above_the_limit_is_not_read_to_its_end(
    api: PayPalClient, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.paypal.client.LARGEST", 100_000)
    loopback.will(Answer(body={"a": "x" * 90_000}), Answer(body={"a": "x" * 200_000}), Answer(body={"b": 1}))
    assert len(api.get("/thing")["a"]) == 90_000
    with pytest.raises(Transient):
        api.get("/thing")
    assert api.get("/thing") == {"b": 1}
    assert len(loopback.seen) == 3  # the long one was not asked for again
