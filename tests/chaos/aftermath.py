"""What must be true after the faults, whatever they were."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing

import psycopg

from privacy.encryption.tokens import hash_token
from tests.production.site import Production
from tests.running_site import wait_for
from tests.site.outages.visitors import is_quiet, rows, rows_in

from .faults import Faults
from .people import BUSINESS, People, messages

HOUR = {"postgresql": "{} - interval '1 hour'", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', {}, '-1 hour')"}
# What a dead process had in hand is taken over after minutes, and what failed is tried again then.
WAITING = {
    "privacy_outgoingmail": ("due_at", "state IN ('queued', 'sending')"),
    "django_tasks_database_dbtaskresult": ("started_at", "status = 'RUNNING'"),
    "shop_paypalevent": ("due_at", "handled_at IS NULL"),
    "shop_payment": ("changed_at", "state = 'capturing'"),
    "privacy_submittedform": ("claimed_at", "answer IS NULL"),
}
ENDS_WITHIN = 180  # seconds
# One after the other in one process. A moment ago the promises were attacked, in vain: that takes minutes by itself.
CHECKS = """
from django.core.management import call_command
from tests import factories
factories.attempts()
for command in (["verify_ledger"], ["verify_audit"], ["rebuild_rollups", "--check"], ["check_promises"]):
    call_command(*command)
"""
# What the log may say of faults, and the kinds of error it may show.
KNOWN_ERRORS = (
    "the database can't be used",
    "the cache does not answer",
    "traffic could not be written; it is kept",
    "was sent SIGKILL",
)
KNOWN_KINDS = {"OperationalError", "InterfaceError", "AdminShutdown", "ConnectionError", "ConnectionRefusedError"}
# Killed between a mail's sending and its mark, each may double one.
DOUBLING = ("worker", "clock", "smtp", "host 1", "host 2")
LOSING = ("postgresql", "session of postgresql")  # a server that is killed loses the clicks of its last moments


def database_of(production: Production) -> str:
    return "postgresql" if "postgresql" in production.parts else "sqlite"


def let_an_hour_pass(production: Production) -> None:
    """For what waits, as if the clock had gone on. Worker and clock are stopped meanwhile, so that nothing that still
    has a process is taken for abandoned."""
    background = production.of_kind("worker", "clock")
    for part in background:
        part.stop()
    earlier = HOUR[database_of(production)]
    for table, (column, waits) in WAITING.items():
        execute(production, f"UPDATE {table} SET {column} = {earlier.format(column)} WHERE {waits}")  # noqa: S608
    for part in background:
        part.start()


def execute(production: Production, statement: str) -> None:
    if database_of(production) == "postgresql":
        with psycopg.connect(production.environment["DATABASE_URL"]) as connection:
            connection.execute(statement)
        return
    with closing(sqlite3.connect(production.data_dir / "aitpro.sqlite3", timeout=60)) as file, file:
        file.execute(statement)


def at_paypal(production: Production, query: str) -> list[tuple[str, ...]]:
    path = production.data_dir / "paypal-standin" / "standin.sqlite3"
    with closing(sqlite3.connect(path, timeout=60)) as file:
        return file.execute(query).fetchall()


def assert_everything_ended_right(production: Production, people: People, faults: Faults) -> None:
    faults.wait_until_all_serve()
    let_an_hour_pass(production)
    people.finish()
    wait_for(lambda: _is_over(production), "the end of all work", ENDS_WITHIN)
    assert people.errors == []
    _assert_orders(production, people)
    _assert_clicks(production, people, faults)
    _assert_messages(production, people)
    _assert_mails(production, people, faults)
    _assert_logs(production)
    production.command("shell", "--no-imports", "-c", CHECKS)
    assert [part.name for part in production.parts.values() if not part.is_running] == []
    done = ", ".join(happened.fault for happened in faults.happened)
    print(f"{people.figures()}; {len(production.mails())} mails; faults: {done}")


def _is_over(production: Production) -> bool:
    open_ones = (
        "SELECT count(*) FROM shop_payment WHERE state IN ('capturing', 'pending')",
        "SELECT count(*) FROM shop_paypalevent WHERE handled_at IS NULL",
        "SELECT count(*) FROM affiliates_click WHERE NOT counted",
        "SELECT count(*) FROM affiliates_pendingvisitcount",
        "SELECT count(*) FROM contacts_incomingmail WHERE state = 'received'",
    )
    approved = at_paypal(production, "SELECT id FROM paypal_standin_order WHERE status = 'APPROVED'")
    return is_quiet(production) and not approved and all(rows(production, query) == [(0,)] for query in open_ones)


def _assert_orders(production: Production, people: People) -> None:
    """Paid once or plainly unpaid, as PayPal's own list says; whoever was told so has paid; each sale earns once."""
    captures = at_paypal(production, "SELECT id FROM paypal_standin_capture WHERE status = 'COMPLETED'")
    paid = rows(production, "SELECT capture_id FROM shop_payment WHERE state = 'paid'")
    assert sorted(captures) == sorted(paid)
    orders = rows(production, "SELECT id FROM shop_order WHERE paid_at IS NOT NULL")
    assert len(orders) == len(paid) >= len(people.paid)
    assert rows(production, "SELECT email_index FROM shop_order GROUP BY email_index HAVING count(*) > 1") == []
    states = {state for (state,) in rows(production, "SELECT state FROM shop_payment")}
    assert states <= {"new", "created", "expired", "paid"}
    assert rows(production, "SELECT count(*) FROM affiliates_commission") == [(len(orders),)]
    receipts = rows(production, "SELECT about_id FROM privacy_outgoingmail WHERE kind = 'shop/receipt'")
    assert sorted(receipts) == sorted(orders)


def _assert_clicks(production: Production, people: People, faults: Faults) -> None:
    """A click whose row could not be written is in the log. Those that a killed server lost were its last."""
    stored = {digest for (digest,) in rows(production, "SELECT cookie_digest FROM affiliates_click")}
    missing = [at for at, cookie in people.clicks if hash_token(cookie) not in stored]
    logged = sum(text.count("of an affiliate's link was not stored") for text in _logs(production, "web"))
    killed = [happened.at for happened in faults.happened if happened.fault in LOSING]
    unexplained = [at for at in missing if not any(-2 < at - kill < 60 for kill in killed)]
    assert len(unexplained) <= logged


def _assert_messages(production: Production, people: People) -> None:
    """Each that was answered with thanks, or taken from the mail server, is stored once; and staff answered it once."""
    stored = [message for message in messages(production) if message not in people.found]
    took = {"form": len(people.thanked), "email": len(people.received)}
    assert Counter(channel for _, channel, _ in stored) == Counter(took)
    assert len({sender for _, _, sender in stored}) == len(stored)
    assert rows(production, "SELECT inquiry_id FROM contacts_reply GROUP BY inquiry_id HAVING count(*) > 1") == []


def _assert_mails(production: Production, people: People, faults: Faults) -> None:
    """All are sent, but for confirmations of messages that staff had answered and closed before the mail server was
    back. Whoever was told that they paid, or thanked, was mailed. Few came twice."""
    unsent = rows(production, "SELECT kind, state FROM privacy_outgoingmail WHERE state <> 'sent'")
    assert set(unsent) <= {("contacts/inquiry_received", "refused")}
    taken = Counter(mail["Message-ID"] for mail in production.mails())
    assert len(taken) == rows_in(production, "privacy_outgoingmail") - len(unsent)
    killed = sum(happened.fault in DOUBLING for happened in faults.happened)
    assert taken.total() - len(taken) <= killed
    addressed = {mail["X-RcptTo"] for mail in production.mails()}
    assert {*people.paid, *people.thanked, BUSINESS} <= addressed
    failed = rows(production, "SELECT task_path FROM django_tasks_database_dbtaskresult WHERE status = 'FAILED'")
    assert failed == []


def _assert_logs(production: Production) -> None:
    """No error but those that say which fault it was. The last line of a traceback is its kind."""
    for text in _logs(production, "web", "worker", "clock"):
        errors = re.findall("^.* (?:ERROR|CRITICAL) .*$", text, re.MULTILINE)
        assert [line for line in errors if not any(known in line for known in KNOWN_ERRORS)] == []
        assert set(re.findall(r"^ +(?:\w+\.)*(\w+)\n(?! |\n)", text, re.MULTILINE)) <= KNOWN_KINDS


def _logs(production: Production, *kinds: str) -> list[str]:
    return [part.log.read_text() for part in production.of_kind(*kinds)]
