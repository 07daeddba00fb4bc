"""No personal data in clear text: canaries enter through every entry point and are searched for in all files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from privacy.evidence.rehearsal.canaries import canary, files_below, found_in
from tests.running_site import RunningSite, running_site, wait_for
from tests.visitor import Visitor

pytestmark = pytest.mark.slow

ADDRESS = "198.51.100.213"  # a visitor's network address, used nowhere else
PHONES = ("+1 805 555 7193", "+1 805 555 7194")


class Words:
    """One canary for each personal field."""

    def __init__(self) -> None:
        self.contact = {name: canary() for name in ("name", "email", "address", "message")}
        self.checkout = {name: canary() for name in ("name", "email")}
        self.service = {name: canary() for name in ("name", "email", "address")}
        self.license = ""  # as the buyer's page shows it
        self.application = {name: canary() for name in ("name", "email", "website", "message")}
        self.email = {name: canary() for name in ("name", "email", "subject", "text", "quoted", "file_name", "file")}
        self.unreadable = {"raw": canary()}  # an email that is kept as it arrived, for a look
        self.request = {name: canary() for name in ("email", "details")}
        self.paypal = {name: canary() for name in ("given_name", "surname", "email")}  # PayPal's messages hold them
        self.staff = {name: canary() for name in ("reply", "email", "name")}
        self.label = canary()  # a campaign label that no affiliate declared is stored nowhere
        self.plain = canary()  # goes into a column that is not sealed: the search has to find it

    def personal(self) -> list[str]:
        groups = [self.contact, self.checkout, self.service, self.application, self.request, self.paypal, self.staff]
        groups += [self.email, self.unreadable]
        return [self.label, *(word for group in groups for word in group.values())]


def email(word: str) -> str:
    return f"{word.rstrip('Ö')}@example.org"


@pytest.fixture(scope="module")
def words() -> Words:
    return Words()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, words: Words) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("canaries")) as running:
        plant(running, words)
        yield running


def plant(site: RunningSite, words: Words) -> None:
    come_and_buy(site, words)
    order_a_service(site, words)
    write(site, words)
    write_by_email(site, words)
    apply(site, words)
    ask(site, words)
    work_as_staff(site, words)


def come_and_buy(site: RunningSite, words: Words) -> None:
    visitor = site.visitor(ADDRESS)
    visitor.open(f"/go/DEMO/products/bps-pro/?sub={words.label}")
    visitor.open("/checkout/bps-pro/")
    visitor.submit("Continue to PayPal", name=words.checkout["name"], email=email(words.checkout["email"]), code="")
    visitor.submit("Pay", **{**words.paypal, "email": email(words.paypal["email"])})
    assert "your order is paid" in visitor.text
    box = visitor.page.select_one(".copy-box")
    assert box is not None
    words.license = box.get_text().strip()
    visitor.submit("Download version")
    assert visitor.response.content.startswith(b"PK")
    site.mail(email(words.checkout["email"]), "Your receipt")


def order_a_service(site: RunningSite, words: Words) -> None:
    """One for which staff want to be able to call and to send a letter."""
    staff = site.signed_in("staff")
    staff.open("/admin/shop/product/add/")
    product = {"name": "Set-up", "slug": "set-up", "summary": f"We set it up. {words.plain}", "price_minor": "99.00"}
    product["fulfillment"] = "We call you."
    staff.submit("Save", **product, asks_phone="on", asks_address="on")
    assert "was added successfully" in staff.text
    visitor = site.visitor(ADDRESS)
    visitor.open("/checkout/set-up/")
    fields = {**words.service, "email": email(words.service["email"]), "phone": PHONES[1], "code": ""}
    visitor.submit("Continue to PayPal", **fields)
    visitor.submit("Pay")
    assert "your order is paid" in visitor.text


def write(site: RunningSite, words: Words) -> None:
    visitor = site.visitor(ADDRESS)
    visitor.open("/contact/?kind=quote")
    fields = {**words.contact, "email": email(words.contact["email"]), "phone": PHONES[0]}
    visitor.submit("Send the message", **fields)
    assert "we received your message" in visitor.text


def write_by_email(site: RunningSite, words: Words) -> None:
    """The messages come from a folder that isn't the site's."""
    message = EmailMessage()
    message["From"] = f"{words.email['name']} <{email(words.email['email'])}>"
    message["Subject"] = words.email["subject"]
    message.set_content(f"{words.email['text']}\n\nOn Monday, somebody wrote:\n> {words.email['quoted']}\n")
    message.add_attachment(words.email["file"], filename=f"{words.email['file_name'].rstrip('Ö')}.txt")
    with TemporaryDirectory() as folder:
        for content in (message.as_bytes(), f"\0\0 {words.unreadable['raw']}".encode()):
            box = Path(folder, "messages.mbox")
            box.write_bytes(b"From somebody Mon Jan  5 00:00:00 2026\n" + content)
            site.command("receive_mail", "--mbox", str(box))
    staff = site.signed_in("staff")
    staff.open("/admin/contacts/inquiry/")
    staff.follow(words.email["name"])
    assert words.email["text"] in staff.text


def apply(site: RunningSite, words: Words) -> None:
    visitor = site.visitor(ADDRESS)
    visitor.open("/affiliates/apply/")
    fields = {**words.application, "email": email(words.application["email"]), "terms": "on"}
    visitor.submit("Send the application", **{**fields, "website": f"https://{words.application['website']}.example"})
    assert "check your inbox" in visitor.text


def ask(site: RunningSite, words: Words) -> None:
    visitor = site.visitor(ADDRESS)
    visitor.open("/privacy/request/")
    visitor.submit(
        "Send me the link", email=email(words.request["email"]), kind="complaint", details=words.request["details"]
    )
    visitor.open(site.link_in(site.mail(email(words.request["email"]), "confirm your privacy request")))
    visitor.submit("Confirm")


def work_as_staff(site: RunningSite, words: Words) -> None:
    staff = site.signed_in("staff")
    staff.open("/admin/contacts/inquiry/")
    staff.follow(words.contact["name"])
    staff.submit("Send", answer=words.staff["reply"])
    staff.open(f"/admin/shop/order/?q={email(words.checkout['email'])}")
    wait_for(lambda: message_from_paypal(staff), "a message from PayPal, with what is kept of it")
    staff.open("/admin/accounts/user/add/")
    staff.submit("Save", email=email(words.staff["email"]), name=words.staff["name"])
    assert "was added successfully" in staff.text
    site.mail(email(words.contact["email"]), "Our answer")
    site.mail(email(words.staff["email"]), "Set your password")
    wait_for(lambda: "idle" if site.command("housekeeping") else None, "housekeeping")


def message_from_paypal(staff: Visitor) -> bool:
    staff.open("/admin/shop/paypalevent/")
    # In the list's rows: its filters have links with this text, too.
    links = [link for link in staff.page.select("#result_list a") if link.get_text() == "PAYMENT.CAPTURE.COMPLETED"]
    if not links:
        return False
    staff.open(str(links[0]["href"]))
    return '"currency_code":"USD"' in staff.text


def written_by(site: RunningSite) -> Iterator[Path]:
    """All but the mails, which have a test of their own, and what the pretend PayPal keeps, which is not ours."""
    yield from files_below(*(path for path in site.data_dir.iterdir() if path.name not in {"mail", "paypal-standin"}))
    yield from (path for path in site.data_dir.iterdir() if path.is_file())
    yield from files_below(*postgres_folder(site))


def postgres_folder(site: RunningSite) -> list[Path]:
    """The server's data folder, write-ahead log included, from its socket's place."""
    query = parse_qs(urlsplit(site.environment.get("DATABASE_URL", "")).query)
    return [Path(host) for host in query.get("host", [])]


def spelled(words: Words) -> list[str]:
    """What is looked for: the canaries as they were typed, and those parts of them that stand in addresses."""
    return [*words.personal(), *(word.rstrip("Ö") for word in words.personal()), ADDRESS, words.license, "805555719"]


def test_the_search_finds_a_canary_that_is_stored_in_clear_text(site: RunningSite, words: Words) -> None:
    content = b"".join(path.read_bytes() for path in written_by(site))
    assert f"{words.plain} plain" in set(found_in(content, [words.plain]))


def test_no_file_holds_anything_personal_in_clear_text(site: RunningSite, words: Words) -> None:
    for path in written_by(site):
        if path.is_socket() or not path.exists():
            continue
        assert not list(found_in(path.read_bytes(), spelled(words))), path.name


def test_files_of_the_site_are_readable_by_its_user_only(site: RunningSite) -> None:
    written = [path for path in [site.data_dir, *site.data_dir.rglob("*")] if path.exists() and not path.is_symlink()]
    kinds = {path.relative_to(site.data_dir).parts[0] for path in written[1:]}
    assert {"mail", "products", "static", "paypal-standin", "keystore.sqlite3"} <= kinds
    assert "aitpro.sqlite3-wal" in kinds or "DATABASE_URL" in site.environment
    assert [f"{path}: {path.stat().st_mode:o}" for path in written if path.stat().st_mode & 0o077] == []


def test_no_log_line_holds_anything_personal(site: RunningSite, words: Words) -> None:
    log = "\n".join(site.output)
    assert "started" in log
    assert not list(found_in(log.encode(), spelled(words)))


def test_lines_of_a_request_carry_its_id_also_those_of_the_server(site: RunningSite) -> None:
    """The tests' address is that of a trusted proxy."""
    proposed = "0123456789abcdef0123456789abcdef"
    answer = requests.get(f"{site.url}/no/such/page", headers={"X-Request-ID": proposed}, timeout=20)
    assert answer.headers["X-Request-ID"] == proposed
    line = f"WARNING django.request: Not Found: no such address [request {proposed}]"
    wait_for(lambda: [each for each in site.output if line in each], line)
    refused = requests.post(f"{site.url}/accounts/login/", data="x" * 100_000, timeout=20)
    assert refused.status_code == 413
    pattern = re.compile(r"a body was refused: 413 Content Too Large \[request [0-9a-f]{16}\]")
    wait_for(lambda: list(filter(pattern.search, site.output)), pattern.pattern)


def test_a_mail_holds_what_its_reader_wrote_and_nothing_of_others(site: RunningSite, words: Words) -> None:
    groups = [words.contact, words.checkout, words.service, words.email, words.application, words.request]
    confirmation = site.mail(email(words.contact["email"]), "We received your message")
    assert "We received your message" in confirmation
    assert words.contact["name"] not in confirmation  # nobody has confirmed the address yet
    for mail in site.mails("@"):
        own = [group for group in groups if email(group["email"]) == mail["To"]]
        strange = [word for group in groups if group not in own for word in group.values()]
        assert not list(found_in(mail.as_bytes(), strange)), mail["Subject"]
