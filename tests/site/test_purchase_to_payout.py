"""The whole path, as its users walk it: over HTTP, without JavaScript, against everything that `make run` starts."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.running_site import RunningSite, running_site, wait_for
from tests.visitor import Visitor

pytestmark = pytest.mark.slow

CAROL = "Carol.Customer@example.org"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("site"), from_nothing=True) as running:
        yield running


def buy(visitor: Visitor, *, name: str, email: str, code: str = "") -> None:
    """From the product to the receipt page."""
    visitor.open("/products/bps-pro/")
    visitor.follow("Buy")
    visitor.submit("Continue to PayPal", name=name, email=email, code=code)
    visitor.submit("Pay")


def act_on(staff: Visitor, address: str, row: str, action: str) -> None:
    """Ticks the row with this text in a list of the admin, and runs an action on it."""
    page = staff.open(address)
    chosen = next(line for line in page.find_all("tr") if row in line.get_text())
    box = chosen.find("input", {"name": "_selected_action"})
    assert box is not None
    button = staff.page.select_one("button[name=index]")  # "Go"; since Django 6.1, "Run"
    assert button is not None
    staff.submit(button.get_text(), action=action, _selected_action=str(box["value"]))


def test_a_visitor_from_an_affiliate_buys_and_the_affiliate_is_paid(site: RunningSite) -> None:
    carol = site.visitor()
    carol.open("/go/DEMO/products/bps-pro/", allow_redirects=False)
    assert carol.response.status_code == 302
    cookie = carol.response.headers["Set-Cookie"]
    assert cookie.startswith("aitpro_referral=")
    assert "Max-Age=2592000" in cookie
    assert "HttpOnly" in cookie

    carol.open("/privacy/referral/")
    assert "the affiliate with the code DEMO" in carol.text
    assert "203.0.113.77" in carol.text

    buy(carol, name="Carol Customer", email=CAROL)
    assert carol.response.url.startswith(f"{site.url}/orders/")
    assert "Thank you, your order is paid" in carol.text
    receipt = site.mail(CAROL, "Your receipt")
    assert "$59.95" in receipt
    assert carol.response.url in receipt

    alice = site.signed_in("affiliate")
    alice.open("/affiliates/portal/commissions/")
    assert "$59.95 30% $17.99" in alice.text
    assert "pending" in alice.text
    assert "Carol" not in alice.response.text

    staff = site.signed_in("staff")
    act_on(staff, "/admin/affiliates/commission/", row=order_reference(receipt), action="approve")
    staff.submit("Approve 1 now")
    assert "1 approved" in staff.text
    staff.open("/admin/affiliates/payoutrun/")
    staff.follow("Prepare a payout run")
    staff.submit("Prepare this run")
    assert "$17.99" in staff.text
    staff.submit("Approve and send $17.99")
    wait_for(lambda: "finished" in (staff.open(staff.response.url), staff.text)[1], "the end of the payout run")

    alice.open("/affiliates/portal/payouts/")
    assert alice.page.find("span", class_="badge", string="paid")
    assert "PayPal has paid you $17.99" in site.mail(site.sign_in_of("affiliate")[0], "Your commission is paid")

    staff.open(f"/admin/shop/order/?q={CAROL.upper()}")
    staff.follow(order_reference(receipt))
    staff.follow("Refund…")
    staff.submit("Refund $59.95 to")
    assert "$59.95 refunded" in staff.text
    assert "$59.95" in site.mail(CAROL, "Your refund of")
    alice.open("/affiliates/portal/commissions/?state=nothing")
    assert "the order was refunded" in alice.text
    alice.open("/affiliates/portal/")
    assert "Balance -$17.99" in alice.text


def order_reference(receipt: str) -> str:
    found = re.search(r"Order:?\s+(B\w{9})", receipt)
    assert found, receipt
    return found.group(1)


def test_a_question_is_stored_shown_to_staff_and_answered_by_mail(site: RunningSite) -> None:
    dave = site.visitor()
    dave.open("/contact/")
    dave.submit(
        "Send the message",
        name="Dave",
        email="dave@example.org",
        phone="",
        address="",
        kind="question",
        message="Hello?",
    )
    reference = re.search(r"Q-\w{6}", dave.text)
    assert reference
    assert reference.group() in site.mail("dave@example.org", "We received your message")
    notice = site.mail("info@ait-pro.com", f"New message ({reference.group()})")
    assert "Dave" not in notice
    assert "dave@example.org" not in notice

    staff = site.signed_in("staff")
    staff.open(site.link_in(notice))
    assert "Hello?" in staff.text
    staff.submit("Send", answer="Good day to you, Dave.")
    assert "Good day to you, Dave." in site.mail("dave@example.org", "Our answer")


def test_a_person_gets_everything_and_can_have_it_deleted(site: RunningSite) -> None:
    erin = site.visitor()
    erin.open("/?ref=DEMO")
    assert "aitpro_referral" in erin.session.cookies
    buy(erin, name="Erin Ellis", email="erin@example.org")
    erin.open("/privacy/request/")
    erin.submit("Send me the link", email="ERIN@example.org", kind="access")
    link = site.link_in(site.mail("erin@example.org", "confirm your privacy request"))
    erin.open(link)
    erin.submit("Create my archive")
    erin.follow("Download the archive")
    archive = zipfile.ZipFile(io.BytesIO(erin.response.content))
    assert set(archive.namelist()) == {"index.html", "data.json"}
    data = json.loads(archive.read("data.json"))
    assert {"Your orders", "Your visit through an affiliate's link"} <= {s["what"] for s in data["sections"]}
    assert "Erin Ellis" in archive.read("index.html").decode()
    assert "Carol" not in archive.read("data.json").decode()
    assert "Your archive is ready" in erin.session.get(link, timeout=10).text

    erin.open("/privacy/request/")
    erin.submit("Send me the link", email="erin@example.org", kind="deletion")
    erin.open(site.link_in(site.mail("erin@example.org", "confirm your privacy request")))
    erin.submit("Delete my data", license="keep")
    assert "Your orders: 1 anonymized" in erin.text
    out = Path(site.data_dir) / "erin.zip"
    site.command("export_person", "erin@example.org", "--out", str(out))
    kept = zipfile.ZipFile(out).read("data.json").decode()
    assert {s["what"] for s in json.loads(kept)["sections"]} == {
        "Archives and reports ready for download",
        "Deletion marker",
        "Your privacy requests",
        "Do-not-contact entries",
    }
    assert "Erin" not in kept
    assert "ERIN" not in kept
    assert "No erasures are missing" in site.command("restore_check")


def test_a_visitor_forgets_the_referral(site: RunningSite) -> None:
    frank = site.visitor()
    frank.open("/go/DEMO/")
    frank.open("/privacy/referral/")
    frank.submit("Delete it now")
    frank.open("/privacy/referral/")
    assert "Nothing is stored for this browser" in frank.text


def test_the_commands_of_the_operator_work(site: RunningSite) -> None:
    site.command("purge_expired")  # what another test's person has fetched may be due
    assert "Nothing was due" in site.command("purge_expired")
    assert "payments updated" in site.command("housekeeping")
    assert "Nothing is stored about this address" in site.command("erase_person", "nobody@example.org")


def test_nothing_personal_is_readable_in_the_database(site: RunningSite) -> None:
    grace = site.visitor()
    grace.open("/go/DEMO/products/bps-pro/")
    buy(grace, name="Grace Hopper", email="grace@example.org")
    content = site.database_content()
    assert b"bps-pro" in content
    for secret in (b"Hopper", b"example.org", b"203.0.113.77"):
        assert secret not in content


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    with running_site(tmp_path) as short_lived:
        pass
    assert short_lived.process.returncode == 130
    assert not [line for line in short_lived.output if "Traceback" in line]


def test_a_form_that_a_proxy_sends_on_in_pieces_arrives(site: RunningSite) -> None:
    dave = site.visitor()
    fields = {str(field["name"]): str(field.get("value", "")) for field in dave.open("/contact/").select("input[name]")}
    fields |= {"kind": "question", "name": "Dave", "email": "dave.chunked@example.org", "message": "What does it cost?"}
    body = urlencode(fields).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    pieces = (body[at : at + 100] for at in range(0, len(body), 100))
    answer = dave.session.post(site.url + "/contact/", data=pieces, headers=headers, timeout=30)
    assert "/contact/thanks/" in answer.url, answer.text
    assert site.mail("dave.chunked@example.org", "message")
