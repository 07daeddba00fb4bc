"""Takes over affiliates of another program: account, code, old links, and what they are owed.

Each is stored as a whole or not at all, and only once. The accounts are new and have no password; nobody's existing
account is touched. They are used for nothing until the affiliate is told (`affiliates.moving_in.notices`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from affiliates.membership.application_forms import website_as_typed
from affiliates.membership.terms import current_terms_number
from affiliates.models import (
    CODE,
    Affiliate,
    AffiliateCode,
    LedgerEntry,
    LinkParameter,
    MovedAffiliate,
    OldLink,
    new_code,
)
from privacy.audit.trail import record_many
from privacy.encryption.bulk_insert import insert_rows
from privacy.encryption.normalization import normalize_code, normalize_email
from shop.models import DiscountCode
from shop.money import Money
from shop.moving_in.batches import Checked, stored_among
from shop.moving_in.cells import CellRefused, NotTaken, email_in, line_in, moment_in, money_in
from shop.moving_in.export_file import FirstLines, Problem

from .programs import Program

NOT_ACTIVE = "not active in the former program"
_ID = re.compile(r"[!-~]{1,60}")
_VALUE = re.compile(r"[^\s?&#/=]{1,60}")
_LINK = re.compile(rf"(?:^|[?&])({'|'.join(LinkParameter.values)})=([^&#\s]+)")


@dataclass(frozen=True)
class Link:
    parameter: str
    value: str  # in normal form


@dataclass(frozen=True, kw_only=True)
class MovingAffiliate:
    line: int
    source_id: str
    email: str
    name: str
    payout_email: str | None
    website: str
    code: str  # empty for a new one
    links: tuple[Link, ...]
    balance: Money
    joined_at: datetime


class AffiliateImporter:
    def __init__(self, program: Program, *, parameter: str, currency: str, decimal_comma: bool) -> None:
        """`parameter` is that of the program's links, if it isn't the usual one."""
        self.program, self.currency, self.decimal_comma = program, currency, decimal_comma
        self.parameters = (parameter,) if parameter else program.parameters
        self.now = timezone.now()

    def read(self, line: int, cells: Mapping[str, str], seen: FirstLines) -> MovingAffiliate:
        """Raises `CellRefused` or `NotTaken`."""
        given = self.program.columns.pick(cells)
        if not _ID.fullmatch(given["id"]):
            raise CellRefused("id: missing, or not up to 60 letters, digits and signs")
        has_states = bool(given["state"]) or "state" in self.program.columns.required
        if has_states and given["state"].lower() not in self.program.active:
            raise NotTaken(NOT_ACTIVE)
        name = line_in(f"{given['first_name']} {given['last_name']}".strip() or given["name"], "name", longest=150)
        row = MovingAffiliate(
            line=line,
            source_id=given["id"],
            email=email_in(given["email"], "email"),
            name=name,
            payout_email=email_in(given["payout_email"], "payment email") if given["payout_email"] else None,
            website=_website(given["website"]),
            code=self._code(given[self.program.code_from]),
            links=tuple(dict.fromkeys(self._links(given))),
            balance=self._balance(given),
            joined_at=moment_in(given["joined_at"], "date", now=self.now) if given["joined_at"] else self.now,
        )
        _refuse_doubled(row, seen)
        return row

    def _code(self, cell: str) -> str:
        if cell and not CODE.fullmatch(cell):
            raise CellRefused("code: not 2 to 32 letters, digits, hyphens or underscores")
        return cell

    def _links(self, given: Mapping[str, str]) -> Iterator[Link]:
        for text in given["links"].split():
            found = _LINK.findall(text)
            if not found:
                raise CellRefused(f"links: one has none of {', '.join(f'{name}=' for name in LinkParameter.values)}")
            for parameter, value in found:
                yield _link(parameter, value)
        for field in self.program.linked_by:
            value = given[field]
            if value and not (field == "username" and (value.isdecimal() or not _VALUE.fullmatch(value))):
                for parameter in self.parameters:
                    yield _link(parameter, value)

    def _balance(self, given: Mapping[str, str]) -> Money:
        currency = given["currency"].upper() or self.currency
        return money_in(given["balance"] or "0", "unpaid balance", currency=currency, decimal_comma=self.decimal_comma)

    def check(self, rows: Sequence[MovingAffiliate]) -> Checked[MovingAffiliate]:
        checked = Checked[MovingAffiliate]()
        moved = MovedAffiliate.objects.filter(source=self.program.source)
        here = stored_among(moved, "source_id_index", {row.source_id for row in rows})
        emails = stored_among(User.objects.all(), "email_index", {row.email for row in rows})
        codes = stored_among(AffiliateCode.objects.all(), "code_index", set(_words(rows)))
        own = {normalize_code(row.code) for row in rows if row.code}
        discounts = set(DiscountCode.objects.filter(code__in=own).values_list("code", flat=True))
        linked = {parameter: self._linked(parameter, rows) for parameter in LinkParameter.values}
        for row in rows:
            if row.source_id in here:
                checked.here += 1
            elif normalize_code(row.code) in discounts:
                checked.problems.append(Problem(row.line, "code: there is a discount code with this name"))
            elif problem := _obstacle(row, emails, codes, linked):
                checked.problems.append(Problem(row.line, problem))
            else:
                checked.new.append(row)
        return checked

    def _linked(self, parameter: str, rows: Sequence[MovingAffiliate]) -> set[str]:
        """The values of this parameter's links that are an affiliate's here."""
        values = {link.value for row in rows for link in row.links if link.parameter == parameter}
        if parameter == LinkParameter.REF:
            values |= {normalize_code(row.code) for row in rows if row.code}
        return stored_among(OldLink.objects.filter(parameter=parameter), "value_index", values)

    def store(self, rows: Sequence[MovingAffiliate]) -> None:
        users = [User(email=row.email, name=row.name, password=make_password(None)) for row in rows]
        insert_rows(users)
        terms = int(current_terms_number() or 0)
        affiliates = [
            Affiliate(
                user=user,
                code=row.code or new_code(),
                state=Affiliate.State.MOVED,
                payout_email=row.payout_email,
                website=row.website,
                announced_terms=terms,  # the mail about the move names them
                joined_at=row.joined_at,
            )
            for row, user in zip(rows, users, strict=True)
        ]
        insert_rows(affiliates)
        moved = list(zip(rows, affiliates, strict=True))
        insert_rows(AffiliateCode(affiliate=one, code=one.code, look=one.code) for one in affiliates)
        insert_rows(
            OldLink(affiliate=one, parameter=link.parameter, value=link.value)
            for row, one in moved
            for link in row.links
        )
        insert_rows(
            MovedAffiliate(affiliate=one, source=self.program.source, source_id=row.source_id) for row, one in moved
        )
        insert_rows(self._opening(row, one) for row, one in moved if row.balance.minor)
        record_many(action="affiliates.account.moved_in", about=affiliates, actor=None)

    def _opening(self, row: MovingAffiliate, affiliate: Affiliate) -> LedgerEntry:
        return LedgerEntry(
            affiliate=affiliate,
            kind=LedgerEntry.Kind.OPENING,
            amount_minor=row.balance.minor,
            currency=row.balance.currency,
            reason=f"unpaid in {self.program.source.label}, where you had the number {row.source_id}",
        )


def _website(cell: str) -> str:
    """By the rule of the application form."""
    website = line_in(cell, "website", longest=300)
    try:
        return website_as_typed(website) if website else ""
    except ValidationError:
        raise CellRefused("website: not an address that begins with http:// or https://") from None


def _link(parameter: str, value: str) -> Link:
    if not _VALUE.fullmatch(value):
        raise CellRefused("link: its code has more than 60 characters, or some that no link has")
    return Link(parameter, normalize_code(value))


def _refuse_doubled(row: MovingAffiliate, seen: FirstLines) -> None:
    """Raises `CellRefused` if an earlier line has the same. All of this line is noted, so that each later line is
    compared with the first."""
    same = [("id", row.source_id), ("email", normalize_email(row.email))]
    same += [("code", normalize_code(row.code))] if row.code else []
    same += [(f"link ?{link.parameter}=", link.value) for link in row.links]
    earlier = [(what, seen.earlier(what, value, line=row.line)) for what, value in same]
    if doubled := next(((what, line) for what, line in earlier if line), None):
        raise CellRefused(f"{doubled[0]}: the same as in line {doubled[1]}")


def _words(rows: Sequence[MovingAffiliate]) -> Iterator[str]:
    """Everything in these rows that `?ref=` or the checkout could take for a code."""
    for row in rows:
        yield from [normalize_code(row.code)] if row.code else []
        yield from (link.value for link in row.links if link.parameter == LinkParameter.REF)


def _obstacle(row: MovingAffiliate, emails: set[str], codes: set[str], linked: Mapping[str, set[str]]) -> str:
    """Why the affiliate can't move in; empty if nothing speaks against it."""
    code = normalize_code(row.code)
    if row.email in emails:
        return "email: an account here has this address, and an import never touches an account"
    if code and (code in codes or code in linked[LinkParameter.REF]):
        return "code: another affiliate here has or once had it"
    for link in row.links:
        if link.value in linked[link.parameter]:
            return f"link ?{link.parameter}=: it is another affiliate's here"
        if link.parameter == LinkParameter.REF and link.value in codes:
            return "link ?ref=: it is the code of another affiliate here"
    return ""
