"""The exports of other affiliate programs: their headings, their links, and which affiliates are active.
docs/moving-in.md lists them for operators."""

from __future__ import annotations

from dataclasses import dataclass

from affiliates.models import LinkParameter, MovedAffiliate
from shop.moving_in.cells import Columns

Source = MovedAffiliate.Source


@dataclass(frozen=True, kw_only=True)
class Program:
    """`linked_by` are the fields whose values its links carry, each behind one of `parameters`; `code_from` is the one
    that becomes the code here, because people know it. `active` are the states, in small letters, of affiliates who
    move in; an empty one counts as active where the export has none."""

    source: Source
    columns: Columns
    parameters: tuple[LinkParameter, ...]
    linked_by: tuple[str, ...]
    code_from: str
    active: frozenset[str]


def _columns(required: str, **headings: tuple[str, ...]) -> Columns:
    every: dict[str, tuple[str, ...]] = dict.fromkeys(
        ("id", "email", "name", "first_name", "last_name", "payout_email", "website", "username", "code", "links"), ()
    )
    every |= dict.fromkeys(("balance", "currency", "state", "joined_at"), ())
    return Columns({**every, **headings}, required=frozenset(required.split()))


_PEOPLE = {"first_name": ("first name",), "last_name": ("last name",), "name": ("name", "full name")}

PROGRAMS = {
    "affiliatewp": Program(
        source=Source.AFFILIATEWP,
        columns=_columns(
            "id email balance state",
            **_PEOPLE,
            id=("affiliate id",),
            email=("email",),
            payout_email=("payment email",),
            website=("website url", "website"),
            username=("username",),
            code=("custom slug", "affiliate slug"),
            balance=("unpaid earnings",),
            state=("status",),
            joined_at=("date registered",),
        ),
        parameters=(LinkParameter.REF,),
        linked_by=("id", "username", "code"),
        code_from="code",
        active=frozenset({"active"}),
    ),
    "slicewp": Program(
        source=Source.SLICEWP,
        columns=_columns(
            "id email balance state",
            **_PEOPLE,
            id=("affiliate id", "id"),
            email=("email", "user email"),
            payout_email=("payment email",),
            website=("website",),
            code=("custom slug", "affiliate slug"),
            balance=("unpaid earnings", "unpaid commissions", "unpaid amount"),
            state=("status",),
            joined_at=("date created", "date"),
        ),
        parameters=(LinkParameter.AFF,),
        linked_by=("id", "code"),
        code_from="code",
        active=frozenset({"active"}),
    ),
    "rewardful": Program(
        source=Source.REWARDFUL,
        columns=_columns(
            "id email code balance",
            **_PEOPLE,
            id=("id", "affiliate id"),
            email=("email",),
            payout_email=("paypal email",),
            code=("token", "link token"),
            links=("links", "link", "url"),
            balance=("unpaid commissions", "unpaid", "due commissions"),
            currency=("currency",),
            state=("state", "status"),
            joined_at=("created at", "signed up at", "date joined"),
        ),
        parameters=(LinkParameter.VIA,),
        linked_by=("code",),
        code_from="code",
        active=frozenset({"active"}),
    ),
    "firstpromoter": Program(
        source=Source.FIRSTPROMOTER,
        columns=_columns(
            "id email code balance",
            **_PEOPLE,
            id=("id", "promoter id"),
            email=("email",),
            payout_email=("paypal email",),
            website=("website",),
            code=("ref id", "default ref id", "referral id"),
            balance=("current balance", "balance", "unpaid earnings"),
            currency=("currency",),
            state=("status", "state"),
            joined_at=("created at", "joined at"),
        ),
        parameters=(LinkParameter.FPR, LinkParameter.VIA),
        linked_by=("code",),
        code_from="code",
        active=frozenset({"active", "approved", "accepted"}),
    ),
    "csv": Program(
        source=Source.CSV,
        columns=_columns(
            "id email balance",
            id=("id",),
            email=("email",),
            name=("name",),
            payout_email=("payout email",),
            website=("website",),
            code=("code",),
            links=("links",),
            balance=("balance",),
            currency=("currency",),
            state=("state",),
            joined_at=("joined at",),
        ),
        parameters=(),
        linked_by=(),
        code_from="code",
        active=frozenset({"active"}),
    ),
}
