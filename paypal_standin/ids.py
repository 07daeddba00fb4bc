"""Identifiers in the shape of PayPal's."""

import hashlib
import secrets

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# PayPal's account ids omit ambiguous characters (0, 1, I, O).
ACCOUNT_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def _letters(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def order_id() -> str:
    return _letters(17)


def transaction_id() -> str:
    return _letters(17)


def payout_id() -> str:
    return _letters(13)


def dispute_id() -> str:
    return f"PP-D-{secrets.randbelow(900000) + 100000}"


def event_id() -> str:
    return f"WH-{_letters(17)}-{_letters(17)}"


def debug_id() -> str:
    return secrets.token_hex(7)[:13]


def account_id(email: str) -> str:
    """The same payer gets the same account id every time."""
    digest = hashlib.sha256(email.strip().lower().encode()).digest()
    return "".join(ACCOUNT_LETTERS[byte % 32] for byte in digest[:13])
