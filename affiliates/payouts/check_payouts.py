"""Checks published payout runs, and then proofs of your own payouts, with Python 3.10 or newer and OpenSSL 3:

python3 check_payouts.py evidence.json run-1.json run-2.json payout-1.json
"""

import base64
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SIGNED = ("number", "published_at", "currency", "lines_root", "marks_root", "previous")
VERIFY = "openssl pkeyutl -verify -pubin -inkey key -rawin -in text -sigfile signature"
OTHER_FILE = (ValueError, LookupError, TypeError, AttributeError)  # not JSON, or without the fields of these files
keys: dict[str, str] = {}
heads: dict[int, tuple[str, str]] = {}  # by number: the hash of a head, and of the one before
marks: dict[int, set[str]] = {}  # by number: the entries of a run
answers: set[bool] = set()


def say(claim: str, is_true: bool) -> None:
    answers.add(is_true)
    print("ok   " if is_true else "WRONG", claim)


def root(level: list[bytes]) -> str:
    while len(level) > 1:
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0].hex()


def check(name: str, file: dict[str, Any]) -> None:
    head, number = file["head"], file["head"]["number"]
    text = "payout head 1\n" + "".join(f"{head[part]}\n" for part in SIGNED)
    with TemporaryDirectory() as folder:
        Path(folder, "key").write_text(keys.get(head["key_id"], ""))
        Path(folder, "text").write_text(text)
        Path(folder, "signature").write_bytes(base64.b64decode(head["signature"]))
        openssl = subprocess.run(VERIFY.split(), cwd=folder, capture_output=True)  # noqa: S603
    say(f"{name}: the site signed head {number}", openssl.returncode == 0)
    found = (sha256(text.encode()).hexdigest(), head["previous"])
    say(f"{name}: head {number} is the same in every file", heads.setdefault(number, found) == found)
    for part in ("lines", "marks") if "lines" in file else ():
        say(f"{name}: each of the {part} occurs once", file[part] == sorted(set(file[part])))
        say(
            f"{name}: head {number} is of these {part}", root([*map(bytes.fromhex, file[part])]) == head[f"{part}_root"]
        )
        marks[number] = set(file["marks"])
    if "line" in file:
        line, node = json.loads(file["line"]), sha256(b"\0" + file["line"].encode()).digest()
        for step in file["path"]:
            left, right = (bytes.fromhex(step.get(side, "")) for side in ("left", "right"))
            node = sha256(b"\1" + left + node + right).digest()
        say(f"{name}: payout {line['payout']} is in run {number}", node.hex() == head["lines_root"])
        say(f"{name}: its entries add up", sum(one["amount_minor"] for one in line["entries"]) == line["amount_minor"])
        if number in marks:
            say(f"{name}: run {number} claimed its entries", {one["mark"] for one in line["entries"]} <= marks[number])
        else:
            print(f"      {name}: to check that its entries are paid once, put run-{number}.json before it")


if len(sys.argv) < 3:
    sys.exit(f"Nothing was checked, because no run or proof was named.\n\n{__doc__}")
if missing := [name for name in sys.argv[1:] if not Path(name).is_file()]:
    sys.exit(f"Nothing was checked, because there is no file {missing[0]}.")
try:
    keys.update((key["key_id"], key["public_key"]) for key in json.loads(Path(sys.argv[1]).read_text())["keys"])
except OTHER_FILE:
    sys.exit(f"Nothing was checked, because {sys.argv[1]} is not the site's evidence.json.")
for name in sys.argv[2:]:
    try:
        check(name, json.loads(Path(name).read_text()))
    except OTHER_FILE:
        say(f"{name}: it is a published run or a proof", False)
for number in sorted(heads.keys() & {one + 1 for one in heads}):
    say(f"head {number} continues head {number - 1}", heads[number][1] == heads[number - 1][0])
if len(marks) > 1:
    say(f"no entry is in two of {len(marks)} runs", len(set().union(*marks.values())) == sum(map(len, marks.values())))
sys.exit(answers != {True})
