"""Payout proofs: each run publishes a signed head when it is approved, against which its payouts can be checked.

A head holds the roots of two Merkle trees:

- *Lines* are the run's payouts, including those that are left out later, which are returned like any other. A leaf is
  the hash of a salted text that only the affiliate gets.
- *Marks* are the ledger entries that the run claimed. A leaf is a hash of the entry's id, the same in every run, so
  that an entry that is paid twice shows. An id is never shown and has more than 60 random bits: nobody can guess one.

The leaves of both are published, sorted, so that anyone can see that each occurs once. They are padded with random
hashes to a power of two, so that they don't tell how many affiliates were paid for how many sales.

The signature (`privacy.audit.signing`) covers seven lines, and `previous` is the SHA-256 of the head before:

    payout head 1
    <number>
    <published_at>
    <currency>
    <lines_root>
    <marks_root>
    <previous>
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count, islice
from secrets import token_bytes
from typing import Any, NamedTuple
from uuid import UUID

from affiliates.models import PayoutHead, PayoutItem, PayoutRun
from affiliates.models.payout import PayoutItemQuerySet
from privacy.audit.signing import published_keys, sign
from privacy.encryption.keys import key_ring

from .explanation import entries_claimed_by
from .merkle_tree import hash_leaf, path_to, root_of

NO_HEAD = "0" * 64  # `previous` of the first head
SIZE = 32  # bytes of a hash
FEWEST = 64  # leaves of a tree


class RunTrees(NamedTuple):
    """The leaves of a run, sorted and padded."""

    seed: bytes
    lines: list[bytes]
    marks: list[bytes]


def trees_of(run: PayoutRun, *, seed: bytes | None = None) -> RunTrees:
    """Two queries, whatever is in the run. A new seed unless the run's own is given."""
    seed = seed or token_bytes(SIZE)
    texts = list(_line_texts(run.items.all(), seed))
    lines = [hash_leaf(text.encode()) for text, _ in texts]
    marks = [mark for _, line_marks in texts for mark in line_marks]
    return RunTrees(seed, _padded(lines, seed + b"line"), _padded(marks, seed + b"mark"))


def _padded(leaves: list[bytes], seed: bytes) -> list[bytes]:
    size = max(FEWEST, 1 << (len(leaves) - 1).bit_length())
    padding = (hash_leaf(seed + number.to_bytes(8)) for number in count())
    return sorted([*leaves, *islice(padding, size - len(leaves))])


def _line_texts(items: PayoutItemQuerySet, seed: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """The text of each payout, and the marks of its entries."""
    entries: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    columns = ("claim__payout", "pk", "kind", "amount_minor", "commission__number", "payout")
    claimed = entries_claimed_by(items.order_by()).order_by("pk").values_list(*columns)
    for claimed_by, entry, kind, amount_minor, commission, returned in claimed:
        source = {"commission": commission} if commission else {"returned_payout": str(returned)} if returned else {}
        mark = hash_leaf(f"payout entry 1\n{entry}\n".encode()).hex()
        entries[claimed_by].append({"mark": mark, "kind": kind, **source, "amount_minor": amount_minor})
    for payout, amount_minor, currency in items.order_by("pk").values_list("pk", "amount_minor", "currency"):
        amount = {"amount_minor": amount_minor, "currency": currency}
        salt = sha256(seed + payout.bytes).hexdigest()
        text = json.dumps({"payout": str(payout), **amount, "entries": entries[payout], "salt": salt})
        yield text, [bytes.fromhex(entry["mark"]) for entry in entries[payout]]


def publish_head(run: PayoutRun, trees: RunTrees, *, now: datetime) -> PayoutHead:
    """Call it in a transaction that has recorded the approval: the audit log's lock numbers heads one by one."""
    published_keys(now=now)
    before = PayoutHead.objects.defer("seed", "lines", "marks").first()
    head = PayoutHead(
        number=before.number + 1 if before else 1,
        run=run,
        published_at=now.replace(microsecond=0),
        currency=run.currency,
        seed=trees.seed,
        lines=b"".join(trees.lines),
        marks=b"".join(trees.marks),
        lines_root=root_of(trees.lines).hex(),
        marks_root=root_of(trees.marks).hex(),
        previous=sha256(signed_message(before)).hexdigest() if before else NO_HEAD,
        key_id=key_ring().primary.id.hex(),
    )
    head.signature = sign(signed_message(head))
    head.save(force_insert=True)
    return head


def signed_message(head: PayoutHead) -> bytes:
    at = head.published_at.astimezone(UTC).isoformat()
    lines = ("payout head 1", head.number, at, head.currency, head.lines_root, head.marks_root, head.previous)
    return "".join(f"{line}\n" for line in lines).encode()


def published_run(head: PayoutHead) -> dict[str, Any]:
    """What everybody may read of a run: its head and all leaves."""
    return {"head": _head_as_json(head), "lines": _as_hex(head.lines), "marks": _as_hex(head.marks)}


def proof_of(item: PayoutItem) -> dict[str, Any] | None:
    """For the affiliate alone: the line's text, and its path to the head. None before the run is approved."""
    head = PayoutHead.objects.filter(run=item.run_id).defer("marks").first()
    if head is None:
        return None
    ((text, _),) = _line_texts(PayoutItem.objects.filter(pk=item.pk), bytes(head.seed))
    leaves = _split(head.lines)
    return {
        "line": text,
        "path": path_to(leaves.index(hash_leaf(text.encode())), leaves),
        "head": _head_as_json(head),
    }


def _head_as_json(head: PayoutHead) -> dict[str, Any]:
    return {
        "number": head.number,
        "published_at": head.published_at.astimezone(UTC).isoformat(),
        "currency": head.currency,
        "lines_root": head.lines_root,
        "marks_root": head.marks_root,
        "previous": head.previous,
        "key_id": head.key_id,
        "signature": head.signature,
    }


def _split(hashes: bytes | memoryview) -> list[bytes]:
    return [bytes(hashes[start : start + SIZE]) for start in range(0, len(hashes), SIZE)]


def _as_hex(hashes: bytes | memoryview) -> list[str]:
    return [each.hex() for each in _split(hashes)]


def head_differences() -> Iterator[str]:
    """What published heads say and the books don't. Builds the trees of each run anew."""
    previous = NO_HEAD
    for head in PayoutHead.objects.select_related("run").order_by("number").iterator(chunk_size=1):
        trees = trees_of(head.run, seed=bytes(head.seed))
        roots = (root_of(trees.lines).hex(), root_of(trees.marks).hex())
        if roots != (head.lines_root, head.marks_root) or _split(head.lines) != trees.lines:
            yield f"The payouts of {head.run} ({head.run_id}) differ from its published head {head.number}."
        if head.previous != previous:
            yield f"The published head {head.number} does not continue the one before."
        previous = sha256(signed_message(head)).hexdigest()
