"""What people do on the site, over TLS and nginx: read, click, buy, pay, download, write, sign in."""

from __future__ import annotations

import re
from base64 import b32decode
from collections.abc import Callable
from time import time

from django_otp.oath import TOTP

from tests.running_site import wait_for
from tests.visitor import Visitor

from .site import Production

BUYER, ASKER = "carol@example.org", "dave@example.org"


def walk(production: Production, say: Callable[[str], object]) -> None:
    """Raises AssertionError at the first step that doesn't do what it should; `say` gets a line for each that did."""
    carol = production.visitor()
    read(carol, say)
    click(carol, say)
    buy(production, carol, say)
    download(carol, say)
    write(production, say)
    sign_in(production, say)


def read(visitor: Visitor, say: Callable[[str], object]) -> None:
    for page in ("/", "/products/bps-pro/", "/privacy/", "/affiliates/"):
        visitor.open(page)
        assert visitor.response.status_code == 200, page
    # Measured for the first time since the start, which the page says meanwhile.
    wait_for(lambda: visitor.open("/privacy/evidence/") and visitor.response.status_code == 200, "the evidence")
    assert not visitor.session.cookies, "a reader got a cookie"
    style = visitor.page.find("link", rel="stylesheet")
    assert style is not None
    visitor.open(str(style["href"]))
    assert "immutable" in visitor.response.headers["Cache-Control"]
    say("read five pages and a stylesheet, with the certificate verified, and got no cookie")


def click(visitor: Visitor, say: Callable[[str], object]) -> None:
    visitor.open("/go/DEMO/products/bps-pro/")
    assert visitor.url.startswith(f"{visitor.base}/products/bps-pro/"), visitor.url
    cookie = next(cookie for cookie in visitor.session.cookies if cookie.name == "aitpro_referral")
    assert cookie.secure
    visitor.open("/privacy/referral/")
    assert "the affiliate with the code DEMO" in visitor.text
    assert "127.0.0.1" in visitor.text
    say("followed an affiliate's link; the site knows the visitor's address, not nginx's")


def buy(production: Production, visitor: Visitor, say: Callable[[str], object]) -> None:
    visitor.open("/products/bps-pro/")
    visitor.follow("Buy")
    visitor.submit("Continue to PayPal", name="Carol Customer", email=BUYER, code="")
    assert visitor.url.startswith(production.standin_url), visitor.url
    visitor.submit("Pay")
    assert "Thank you, your order is paid" in visitor.text
    assert visitor.url in production.mail(BUYER, "Your receipt")
    say("bought, paid at PayPal's stand-in, and got the receipt by mail")


def download(visitor: Visitor, say: Callable[[str], object]) -> None:
    visitor.submit("Download")
    assert visitor.response.headers["Content-Disposition"].startswith("attachment"), visitor.text
    size = len(visitor.response.content)
    assert size == int(visitor.response.headers["Content-Length"])
    say(f"downloaded the product: {size:,} bytes")


def write(production: Production, say: Callable[[str], object]) -> None:
    dave = production.visitor()
    dave.open("/contact/")
    answers = {"name": "Dave", "email": ASKER, "phone": "", "address": "", "kind": "question", "message": "Hello?"}
    dave.submit("Send the message", **answers)
    found = re.search(r"Q-\w{6}", dave.text)
    assert found, dave.text
    assert found.group() in production.mail(ASKER, "We received your message")
    say(f"wrote to the business; the message has the number {found.group()}, and the confirmation came by mail")


def sign_in(production: Production, say: Callable[[str], object]) -> None:
    """The first sign-in of a member of staff sets up the second factor."""
    staff = production.visitor()
    staff.open("/accounts/login/?next=/admin/")
    address, password = production.sign_in_of("staff")
    staff.submit("Sign in", email=address, password=password)
    shown = staff.page.select_one("main code")
    assert shown is not None, staff.text
    phone = TOTP(b32decode(shown.get_text().replace(" ", "")))
    phone.time = time()
    staff.submit("Turn on", code=f"{phone.token():06d}")
    staff.open("/admin/shop/order/")
    assert "Carol Customer" in staff.text, staff.text
    say("signed in as staff, with a second factor, and found the order")
