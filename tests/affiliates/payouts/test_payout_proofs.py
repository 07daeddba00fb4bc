"""Payout proofs, checked with the files and the script that the site publishes, as an outsider would."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from affiliates.models import Affiliate, PayoutHead, PayoutRun
from affiliates.payouts.item_states import mark_returned
from affiliates.payouts.proofs import FEWEST
from affiliates.payouts.runs import approve_payout, prepare_payout
from privacy.encryption.keys import key_ring
from shop.models import Product
from tests.affiliates.sales import approved_sale
from tests.cast import signed_in

PROOFS = "/affiliates/payout-proofs/"


def approved_run(bob: User) -> PayoutRun:
    run = prepare_payout(currency="USD", actor=bob, method=PayoutRun.Method.CSV)
    approve_payout(run=run, actor=bob)
    return run


def proof_url(affiliate: Affiliate, run: PayoutRun) -> str:
    return f"/affiliates/portal/payouts/{run.items.get(affiliate=affiliate).pk}/proof.json"


def proof(affiliate: Affiliate, run: PayoutRun) -> dict[str, Any]:
    response = signed_in(affiliate.user).get(proof_url(affiliate, run))
    assert response.status_code == 200
    return dict(response.json())


def published(number: int) -> dict[str, Any]:
    response = Client().get(f"{PROOFS}run-{number}.json")
    assert response.status_code == 200
    return dict(response.json())


class Outsider:
    """A folder with files from the site, and the script that checks them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept, client = folder, list[str](), Client()
        cache.clear()
        (folder / "evidence.json").write_bytes(client.get("/privacy/evidence.json").content)
        (folder / "check_payouts.py").write_bytes(client.get(f"{PROOFS}check_payouts.py").content)

    def keep(self, **files: dict[str, Any]) -> None:
        for name, content in files.items():
            self.kept.append(f"{name}.json")
            (self.folder / self.kept[-1]).write_text(json.dumps(content))

    def check(self) -> tuple[int, str]:
        command = [sys.executable, "check_payouts.py", "evidence.json", *self.kept]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        assert not done.stderr
        return done.returncode, done.stdout


@pytest.fixture
def outsider(tmp_path: Path, db: None) -> Outsider:
    if shutil.which("openssl") is None:
        pytest.fail("OpenSSL is missing.")
    return Outsider(tmp_path)


def test_published_script_confirms_payouts_of_two_runs(
    alice: Affiliate, erin: Affiliate, product: Product, bob: User, outsider: Outsider
) -> None:
    commission = approved_sale(alice, product)
    approved_sale(erin, product)
    first = approved_run(bob)
    approved_sale(alice, product)
    approved_run(bob)
    own = proof(alice, first)
    outsider.keep(run_1=published(1), run_2=published(2), own=own)
    code, text = outsider.check()
    assert code == 0, text
    assert "WRONG" not in text
    assert f"ok    own.json: payout {first.items.get(affiliate=alice).pk} is in run 1" in text
    assert "ok    own.json: run 1 claimed its entries" in text
    assert "ok    head 2 continues head 1" in text
    assert "ok    no entry is in two of 2 runs" in text
    line = json.loads(own["line"])
    assert (line["amount_minor"], line["currency"]) == (1799, "USD")
    assert [(one["kind"], one["commission"]) for one in line["entries"]] == [("commission", commission.number)]


def test_script_asks_for_published_run_of_a_proof(
    alice: Affiliate, product: Product, bob: User, outsider: Outsider
) -> None:
    approved_sale(alice, product)
    outsider.keep(own=proof(alice, approved_run(bob)))
    code, text = outsider.check()
    assert code == 0
    assert "to check that its entries are paid once, put run-1.json before it" in text
    assert "no entry is in two" not in text


def remove_line(run: dict[str, Any], own: dict[str, Any]) -> None:
    leaf = sha256(b"\0" + own["line"].encode()).hexdigest()
    run["lines"][run["lines"].index(leaf)] = "f" * 64
    run["lines"].sort()


def repeat_entry(run: dict[str, Any], own: dict[str, Any]) -> None:
    mark = json.loads(own["line"])["entries"][0]["mark"]
    run["marks"] = sorted([*run["marks"][1:], mark])


def rename_root(run: dict[str, Any], own: dict[str, Any]) -> None:
    run["head"]["lines_root"] = "0" * 64


def raise_amount(run: dict[str, Any], own: dict[str, Any]) -> None:
    own["line"] = own["line"].replace('"amount_minor": 1799', '"amount_minor": 1800')


def sign_for_other_run(run: dict[str, Any], own: dict[str, Any]) -> None:
    run["head"]["number"] = own["head"]["number"] = 2


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (remove_line, "run.json: head 1 is of these lines"),
        (repeat_entry, "run.json: each of the marks occurs once"),
        (rename_root, "run.json: the site signed head 1"),
        (raise_amount, "is in run 1"),
        (sign_for_other_run, "own.json: the site signed head 2"),
    ],
)
def test_script_names_what_was_changed(
    alice: Affiliate,
    product: Product,
    bob: User,
    outsider: Outsider,
    change: Callable[[dict[str, Any], dict[str, Any]], None],
    complaint: str,
) -> None:
    approved_sale(alice, product)
    own, run = proof(alice, approved_run(bob)), published(1)
    change(run, own)
    outsider.keep(run=run, own=own)
    code, text = outsider.check()
    assert code == 1
    assert any(line.startswith("WRONG") and line.endswith(complaint) for line in text.splitlines()), text


def test_script_that_got_no_run_confirms_nothing(outsider: Outsider) -> None:
    command = [sys.executable, "check_payouts.py"]

    def refused(*names: str) -> str:
        done = subprocess.run(
            [*command, *names], cwd=outsider.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "no run or proof was named" in refused()
    assert "no run or proof was named" in refused("evidence.json")
    assert "there is no file run-*.json" in refused("evidence.json", "run-*.json")
    (outsider.folder / "other.json").write_text("{}")
    assert "other.json is not the site's evidence.json" in refused("other.json", "evidence.json")


@pytest.mark.parametrize("content", ["{}", "[]", "no JSON", '{"head": {"number": 1}}', '{"keys": []}'])
def test_script_names_file_that_is_neither_run_nor_proof(outsider: Outsider, content: str) -> None:
    (outsider.folder / "other.json").write_text(content)
    outsider.kept.append("other.json")
    assert outsider.check() == (1, "WRONG other.json: it is a published run or a proof\n")


def test_script_names_run_signed_with_a_key_that_is_not_in_the_evidence(
    alice: Affiliate, product: Product, bob: User, outsider: Outsider
) -> None:
    approved_sale(alice, product)
    approved_run(bob)
    (outsider.folder / "evidence.json").write_text('{"keys": []}')
    outsider.keep(run=published(1))
    code, text = outsider.check()
    assert code == 1
    assert "WRONG run.json: the site signed head 1" in text


def test_script_finds_entry_that_two_runs_claimed(
    alice: Affiliate, product: Product, bob: User, outsider: Outsider
) -> None:
    approved_sale(alice, product)
    mark = json.loads(proof(alice, approved_run(bob))["line"])["entries"][0]["mark"]
    approved_sale(alice, product)
    approved_run(bob)
    second = published(2)
    second["marks"] = sorted([*second["marks"][1:], mark])
    outsider.keep(run_1=published(1), run_2=second)
    code, text = outsider.check()
    assert code == 1
    assert "WRONG no entry is in two of 2 runs" in text


def test_returned_payout_is_paid_again_under_a_new_mark(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    first = approved_run(bob)
    returned = first.items.get()
    with transaction.atomic():
        mark_returned(returned, state=returned.State.FAILED)
    second = approved_run(bob)
    (entry,) = json.loads(proof(alice, second)["line"])["entries"]
    assert (entry["kind"], entry["returned_payout"]) == ("return", str(returned.pk))
    assert not set(published(1)["marks"]) & set(published(2)["marks"])


def test_published_run_does_not_tell_how_many_were_paid(
    alice: Affiliate, erin: Affiliate, product: Product, bob: User
) -> None:
    approved_sale(alice, product)
    approved_run(bob)
    for _ in range(3):
        approved_sale(alice, product)
    approved_sale(erin, product)
    approved_run(bob)
    for run in published(1), published(2):
        assert [len(run["lines"]), len(run["marks"])] == [FEWEST, FEWEST]
        assert run["lines"] == sorted(run["lines"])


def test_published_run_holds_hashes_alone(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    run = approved_run(bob)
    file = published(1)
    text = json.dumps(file)
    assert file.keys() == {"head", "lines", "marks"}
    assert all(len(bytes.fromhex(leaf)) == 32 for leaf in (*file["lines"], *file["marks"]))
    for told in (commission.number, alice.code, "alice@example.com", str(run.items.get().pk), "amount"):
        assert told not in text


def test_proof_is_for_its_affiliate_alone(
    alice: Affiliate, erin: Affiliate, product: Product, bob: User, client: Client
) -> None:
    approved_sale(alice, product)
    url = proof_url(alice, approved_run(bob))
    assert signed_in(alice.user).get(url).status_code == 200
    assert signed_in(erin.user).get(url).status_code == 404
    assert client.get(url).status_code == 302


def test_payout_of_unapproved_run_has_no_proof(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    assert signed_in(alice.user).get(proof_url(alice, run)).status_code == 404
    page = signed_in(alice.user).get(f"/affiliates/portal/payouts/{run.items.get().pk}/")
    assert b"Download the proof" not in page.content


def test_payout_page_links_its_proof(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = approved_run(bob)
    page = signed_in(alice.user).get(f"/affiliates/portal/payouts/{run.items.get().pk}/")
    links = [link["href"] for link in BeautifulSoup(page.content, "html.parser").select("main a[href]")]
    assert proof_url(alice, run) in links
    assert PROOFS in links


def test_proofs_page_has_constant_query_count(
    alice: Affiliate, product: Product, bob: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert "No payout run has been approved yet" in client.get(PROOFS).content.decode()
    for _ in range(3):
        approved_sale(alice, product)
        approved_run(bob)
    with django_assert_num_queries(3):  # one is of the menu
        page = client.get(PROOFS).content.decode()
    assert [f"run-{number}.json" in page for number in (1, 2, 3, 4)] == [True, True, True, False]


def test_unknown_run_is_not_found(client: Client, db: None) -> None:
    assert client.get(f"{PROOFS}run-1.json").status_code == 404


@pytest.mark.parametrize(
    "statement", ["UPDATE affiliates_payouthead SET currency = 'EUR'", "DELETE FROM affiliates_payouthead"]
)
def test_database_keeps_published_heads(alice: Affiliate, product: Product, bob: User, statement: str) -> None:
    approved_sale(alice, product)
    approved_run(bob)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert PayoutHead.objects.get().currency == "USD"


def test_head_names_key_that_the_evidence_publishes(
    alice: Affiliate, product: Product, bob: User, outsider: Outsider
) -> None:
    approved_sale(alice, product)
    approved_run(bob)
    keys = json.loads((outsider.folder / "evidence.json").read_text())["keys"]
    assert published(1)["head"]["key_id"] == key_ring().primary.id.hex()
    assert published(1)["head"]["key_id"] in {key["key_id"] for key in keys}


def test_verify_ledger_finds_books_that_differ_from_published_head(
    alice: Affiliate, product: Product, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved_sale(alice, product)
    approved_run(bob)
    call_command("verify_ledger", "--no-paypal")
    monkeypatch.setattr("affiliates.payouts.proofs._line_texts", lambda items, seed: [])
    with pytest.raises(CommandError, match="differ from its published head 1"):
        call_command("verify_ledger", "--no-paypal")


def test_verify_ledger_finds_run_approved_without_head(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    PayoutRun.objects.filter(pk=run.pk).update(approved_at=run.created_at)
    with pytest.raises(CommandError, match=f"Payout run {run.pk} was approved without a published head"):
        call_command("verify_ledger", "--no-paypal")
