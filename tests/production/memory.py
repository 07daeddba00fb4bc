"""The memory of the web workers under mixed load, minute by minute: `python -m tests.production.memory [MINUTES]`.

Starts the demo and lets visitors read, click, write and buy, and staff and an affiliate look around, at a steady rate.
Prints the proportional set size (PSS) of each worker of gunicorn: its own pages, and its share of those in common.
Ends with 1 if a worker exceeds the limit. Linux only (`/proc`).
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from pathlib import Path

from tests.running_site import RunningSite, running_site
from tests.visitor import Visitor

LIMIT = 90  # MB for a worker
PER_SECOND = 8  # requests
PAGES = "/ /services/ /products/ /products/bps-pro/ /about/ /affiliates/ /privacy/ /privacy/evidence/ /contact/"
STAFF = "/admin/ /admin/contacts/inquiry/ /admin/shop/order/ /admin/affiliates/commission/ /admin/privacy/auditentry/"


def main(minutes: int) -> int:
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder), DEMO_DAYS="90") as site:
        staff, affiliate = site.signed_in("staff"), site.signed_in("affiliate")
        chance = random.Random(1)  # noqa: S311
        most, requests, start = 0.0, 0, time.monotonic()
        print("minute  requests  PSS of each web worker in MB (private in brackets)", flush=True)
        for minute in range(1, minutes + 1):
            while time.monotonic() < start + 60 * minute:
                began = time.monotonic()
                _one_step(site, staff, affiliate, chance)
                requests += 1
                time.sleep(max(0, 1 / PER_SECOND - (time.monotonic() - began)))
            sizes = [_megabytes(worker) for worker in _workers(site)]
            most = max([most, *(size for size, _ in sizes)])
            print(
                f"{minute:6}  {requests:8}  " + "  ".join(f"{size:5.1f} ({own:5.1f})" for size, own in sizes),
                flush=True,
            )
    print(f"at most {most:.1f} MB; the limit is {LIMIT} MB")
    return int(most > LIMIT)


def _one_step(site: RunningSite, staff: Visitor, affiliate: Visitor, chance: random.Random) -> None:
    kind = chance.random()
    somebody = site.visitor(f"198.51.{chance.randrange(256)}.{chance.randrange(256)}")
    if kind < 0.6:
        somebody.open(chance.choice(PAGES.split()))
    elif kind < 0.75:
        somebody.open("/go/DEMO/products/bps-pro/")
    elif kind < 0.85:
        staff.open(chance.choice(STAFF.split()))
    elif kind < 0.92:
        affiliate.open("/affiliates/portal/")
    elif kind < 0.97:
        somebody.open("/contact/")
        name = f"visitor{chance.randrange(10**9)}"
        somebody.submit("Send", name=name, email=f"{name}@example.org", message="May I ask something? " * 20)
    else:
        somebody.open("/checkout/bps-pro/")
        name = f"buyer{chance.randrange(10**9)}"
        somebody.submit("PayPal", name=name, email=f"{name}@example.org")


def _workers(site: RunningSite) -> list[int]:
    """gunicorn's workers: the grandchildren of the demo that its web process has forked."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:  # ended meanwhile
            continue
        parents.setdefault(parent, []).append(int(status.parent.name))
    everybody, found = [site.process.pid], []
    for pid in everybody:
        everybody += parents.get(pid, [])
        if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes() and not parents.get(pid):
            found.append(pid)
    return sorted(found)


def _megabytes(worker: int) -> tuple[float, float]:
    text = Path(f"/proc/{worker}/smaps_rollup").read_text()
    kilobytes = {name: int(size) for name, size in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}
    return kilobytes["Pss"] / 1000, (kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]) / 1000


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60))
