"""The search for all words of a run at once finds each of them, in each spelling, and says whose it is."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Callable

import pytest
from django.core import signing

from privacy.evidence.rehearsal.canaries import MARKER, Canary, CanaryKind, canary, network_address
from privacy.evidence.rehearsal.search import NOBODYS, Search

HERS, HIS = Canary(canary(), "buyer", "name"), Canary(canary(), "writer", "message")
NETWORK = Canary(network_address(), "visitor", "network address", CanaryKind.DIRECT)
PHONE = Canary("+1 805 555 7193", "writer", "telephone number")
SEARCH = Search([HERS, HIS, NETWORK, PHONE])


def zipped(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", text)
    return content.getvalue()


WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "lower-cased": lambda text: text.lower().encode(),
    "in capitals": lambda text: text.upper().encode(),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "in capital hexadecimal": lambda text: text.lower().encode().hex().upper().encode(),
    "in base64": lambda text: base64.b64encode(text.encode()),
    "lower-cased, in base64": lambda text: base64.urlsafe_b64encode(text.lower().encode()),
    "in UTF-16": lambda text: text.encode("utf-16-be"),
    "in an archive": zipped,
    "compressed": lambda text: b"before" + zlib.compress(text.encode()),
    "signed": lambda text: signing.dumps({"value": text * 9}, compress=True).encode(),
    "escaped": lambda text: json.dumps({"value": text}).encode(),
}


@pytest.mark.parametrize("spelling", WRITTEN)
def test_a_word_is_found_however_it_is_written(spelling: str) -> None:
    for whose in (HERS, HIS):
        assert SEARCH.found_in(WRITTEN[spelling](f"before {whose.word} after")) == {whose}


@pytest.mark.parametrize("sign", [".", "-"])
def test_a_network_address_is_found_in_a_name_of_a_host(sign: str) -> None:
    assert SEARCH.found_in(f"host{NETWORK.word.replace('.', sign)}.example".encode()) == {NETWORK}


def test_a_network_address_is_found_backwards_and_in_base64() -> None:
    backwards = ".".join(reversed(NETWORK.word.split(".")))
    assert SEARCH.found_in(f"{backwards}.in-addr.arpa".encode()) == {NETWORK}
    assert SEARCH.found_in(base64.b64encode(NETWORK.word.encode())) == {NETWORK}


@pytest.mark.parametrize("written", ["+1 805 555 7193", "8055557193", "805-555-7193", "+18055557193", "805.555.7193"])
def test_a_telephone_number_is_found_in_any_grouping(written: str) -> None:
    assert SEARCH.found_in(f"call {written} today".encode()) == {PHONE}


@pytest.mark.parametrize("rest", ["zzzzzz", "", HERS.word[len(MARKER) : -2]], ids=["changed", "gone", "cut"])
def test_a_word_that_was_changed_or_cut_is_still_somebodys(rest: str) -> None:
    assert SEARCH.found_in(f"{MARKER}{rest}".encode()) == {NOBODYS}


def test_nothing_is_found_where_nothing_is() -> None:
    nothing = f"{canary()[:4]} 198.51.100.7 +1 805 555 0100 ".encode() + zipped("nothing")
    assert SEARCH.found_in(nothing) == set()
