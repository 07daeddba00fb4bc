"""Exports with made-up people, in the columns of the real programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path

from django.core.management import CommandError, call_command

AFFILIATEWP = (
    "Affiliate ID,Email,First Name,Last Name,Payment Email,Username,Rate,Rate Type,Earnings,Unpaid Earnings,Referrals,"
    "Visits,Conversion Rate,Status,Date Registered"
)
EDD = (
    "ID,Payment Number,Email,First Name,Last Name,Address,Address (Line 2),City,State,Country,Zip / Postal Code,"
    "Products,SKUs,Currency,Amount,Tax,Discount Code,Payment Method,Transaction ID,Purchase Key,Date,User,IP Address,"
    "Status"
)
EDD_LICENSES = "License Key,Status,Product,Customer Email,Payment ID,Expiration"
WOOCOMMERCE = (
    "order_id,order_number,order_date,paid_date,status,shipping_total,tax_total,order_total,order_currency,"
    "payment_method,transaction_id,customer_ip_address,customer_user_agent,billing_first_name,billing_last_name,"
    "billing_company,billing_email,line_item_1,line_item_2"
)


def export(path: Path, headings: str, *rows: Mapping[str, str], delimiter: str = ",") -> Path:
    """A file with these headings; a row names only the cells that matter."""
    names = headings.split(",")
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        assert row.keys() <= set(names), row.keys() - set(names)
        writer.writerow([row.get(name, "") for name in names])
    path.write_bytes(written.getvalue().encode())
    return path


def run(command: str, file: Path, *arguments: str, source: str) -> str:
    """What the command prints, with the message of its failure at the end."""
    printed = StringIO()
    try:
        call_command(command, str(file), "--from", source, *arguments, stdout=printed)
    except CommandError as error:
        printed.write(f"ERROR: {error}\n")
    return printed.getvalue()


def affiliatewp_row(number: int, *, name: str, unpaid: str = "0", **cells: str) -> dict[str, str]:
    first = name.lower()
    return {
        "Affiliate ID": str(number),
        "Email": f"{first}@example.com",
        "First Name": name,
        "Last Name": "Liddell",
        "Payment Email": f"{first}.pay@example.com",
        "Username": first,
        "Rate": "0.2",
        "Rate Type": "percentage",
        "Earnings": "500",
        "Unpaid Earnings": unpaid,
        "Referrals": "9",
        "Visits": "812",
        "Conversion Rate": "1.1%",
        "Status": "active",
        "Date Registered": "May 4, 2021 10:22 am",
        **{heading.replace("_", " "): cell for heading, cell in cells.items()},
    }


def edd_row(number: int, *, email: str, **cells: str) -> dict[str, str]:
    return {
        "ID": str(number),
        "Payment Number": str(number - 1000),
        "Email": email,
        "First Name": "Carol",
        "Last Name": "Customer",
        "Products": "BPS Pro - Personal - $59.95",
        "Currency": "USD",
        "Amount": "59.95",
        "Payment Method": "PayPal",
        "Transaction ID": "7AB12345CD678901E",
        "Date": "2025-06-01 08:30:00",
        "Status": "complete",
        **{heading.replace("_", " "): cell for heading, cell in cells.items()},
    }


def lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
