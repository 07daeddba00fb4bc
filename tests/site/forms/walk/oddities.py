"""Kinds of bad input. Each case modifies a request; a new one is one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.conf import settings

from affiliates.tracking.referral_cookie import COOKIE, REFUSAL
from shop.checkout.checkout_cookie import COOKIE as CHECKOUT_COOKIE

FORM = "application/x-www-form-urlencoded"
BOUNDARY = "multipart/form-data; boundary=b"

# Percent-encoded, as it stands in an address or a form.
VALUES = [
    "x",
    "",
    "%00",
    "x%00y",
    "-1",
    "0",
    "2147483648",
    "-9223372036854775809",
    "9" * 400,
    "1e400",
    "NaN",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2026-02-30",
    "0001-01-01T00:00:00%2B14:00",
    "%FF%FE",
    "%ED%A0%80",
    "%F0%9F%90%B8",
    "%zz%",
    "%EF%BC%91",
    "%D9%A1%D9%A2",
    "%0d%0aX:1",
    "%E2%80%AE",
    "'\"%3B--",
    "[]",
    "{}",
    "None",
    "true",
    "00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-00000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "../../etc/passwd",
    "//evil.example",
    "x" * 3000,
    "1,2,,x",
    "__proto__",
    "%25s%25d{0}",
]
IN_PATHS = [value for value in VALUES if value and "/" not in value and len(value) < 1000]

LONGEST_QUERY = 3500  # characters; gunicorn takes no longer ones

# Beside what a page itself names.
NAMES = [
    "q",
    "p",
    "o",
    "e",
    "all",
    "page",
    "since",
    "until",
    "ref",
    "sub",
    "test",
    "next",
    "token",
    "version",
    "code",
    "currency",
    "by",
    "day",
    "last",
    "month",
    "kind",
    "state",
]
NAMES += [
    "_popup",
    "_to_field",
    "_changelist_filters",
    "term",
    "app_label",
    "model_name",
    "field_name",
    "pk__in",
    "id__exact",
    "pk",
]
LOOKUPS = ["", "__exact", "__in", "__isnull", "__gte", "__year", "__range", "__regex", "__pk__in", "__x"]


@dataclass(frozen=True)
class Request:
    """One request, as it goes over the line."""

    path: str
    method: str = "GET"
    query: str = ""
    cookies: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""


def with_headers(request: Request) -> Iterator[Request]:
    hosts = [
        "evil.example",
        "testserver:x",
        "testserver:99999999",
        "",
        "[::1",
        "a..b",
        "testserver\x00",
        "\xff",
        "x" * 5000,
    ]
    everywhere = {
        "HOST": hosts,
        "REFERER": ["x", "http://[", "https://evil.example/%00", "\xff", "/" * 3000],
        "ORIGIN": ["null", "http://[", "\xff", "https://evil.example"],
        "USER_AGENT": ["", "\xff\xfe", "x" * 5000, "%00", "(((((((((((((((((((("],
        "ACCEPT": ["\xff", ";q=x", "*/*;q=1e999", ",,,"],
        "ACCEPT_LANGUAGE": ["xx-" * 500, "\xff", "de;q=x"],
        "ACCEPT_ENCODING": ["\xff", "gzip;q=NaN", "br,,,"],
        "IF_MODIFIED_SINCE": ["x", "Sun, 99 Nov 9999999999 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"],
        "IF_NONE_MATCH": ["x", '"', "*", "\xff"],
        "RANGE": ["bytes=0-0", "bytes=9-1", "bytes=-9999999999999999999999", "x"],
        "X_FORWARDED_FOR": ["x", "[::1", "1.2.3.4:99999999", ", ,", "\xff", "fe80::1%" + "x" * 500],
        "X_FORWARDED_PROTO": ["https", "HTTPS,", "\xff", "x"],
        "X_FORWARDED_HOST": ["evil.example", "\xff"],
        "FORWARDED": ["for=x;proto=https", "\xff"],
        "SCRIPT_NAME": ["/x"],
        "X_REQUESTED_WITH": ["XMLHttpRequest"],
        "X_CSRFTOKEN": ["\xff", "x" * 64],
        "SEC_PURPOSE": ["prefetch;prerender", "\xff"],
        "SEC_FETCH_SITE": ["x"],
        "DNT": ["\xff"],
        "CONTENT_ENCODING": ["gzip"],
        "PAYPAL_TRANSMISSION_TIME": ["\xff"],
    }
    for name, values in everywhere.items():
        for value in values:
            yield replace(request, headers={name: value})


def with_cookies(request: Request) -> Iterator[Request]:
    names = [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, COOKIE, REFUSAL, CHECKOUT_COOKIE, "known_browser"]
    for value in ["x", "", "\xff\xfe", "x" * 3000, '"\\000\\377"', "%00", "a.b.c", "eyJ9", "\xc3\xbc:1:x"]:
        yield replace(request, cookies="; ".join(f"{name}={value}" for name in names))
    for raw in ["=", ";;;", "a=b=c; =; ; d", "\xff=\xff", "sessionid", '$Version="1"; sessionid="x'[:]]:
        yield replace(request, cookies=raw)


def with_bodies(request: Request) -> Iterator[Request]:
    """What claims to be a form, or something else."""
    post = replace(request, method="POST")
    charsets = (
        "utf-16 utf-16-le utf-32 utf-7 latin-1 UTF8 us-ascii rot13 base64 hex idna punycode unicode_escape undefined"
    )
    for charset in [*charsets.split(), "raw_unicode_escape", "mbcs", "x", "", '"', "\xff", "x" * 5000]:
        for kind in (FORM, BOUNDARY, "application/json", "text/plain"):
            yield replace(post, content_type=f"{kind}; charset={charset}", body="name=x&email=\xe9".encode("utf-16"))
    for charset in ["utf-8''%00", "x'y'%ff", "'''", "utf-16'x'utf-16"]:
        yield replace(post, content_type=f"{FORM}; charset*={charset}", body=b"name=x")
    for kind in [
        "",
        "/",
        ";",
        "\xff",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'b' * 300}",
    ]:
        yield replace(post, content_type=kind, body=b"--b\r\n\r\nx\r\n--b--\r\n")
    for header in [
        'form-data; name="email"',
        'form-data; name="x"; filename="\xff\x00"',
        "form-data; name*=x'y'z",
        "form-data; name*=utf-8''%00; filename*=rot13''x",
        "form-data; name=email\r\nContent-Type: text/plain; charset=utf-16",
        "form-data; name=email\r\nContent-Transfer-Encoding: base64",
        "form-data; name=content; filename=x.pdf\r\nContent-Transfer-Encoding: base64",
        "form-data",
        "x" * 3000,
    ]:
        part = f"--b\r\nContent-Disposition: {header}\r\n\r\n\xff\x00=\r\n--b--\r\n".encode("latin-1")
        yield replace(post, content_type=BOUNDARY, body=part)
    yield replace(post, content_type=BOUNDARY, body=b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\ncut o")
    for body in [b"{", b"[" * 100_000, b'{"id": 1e999}', b"\xff\xfe", b"null", b'{"id": "\\ud800"}', b"9" * 5000]:
        yield replace(post, content_type="application/json", body=body)
    for body in [
        b"\xff=\xff",
        b"a=%00",
        b"=&&=",
        b"&" * 5000,
        b"a=1&" * 1001,
        b"%",
        b"email=%ED%A0%80",
        b"csrfmiddlewaretoken=%FF",
    ]:
        yield replace(post, content_type=FORM, body=body)


def with_methods(request: Request) -> Iterator[Request]:
    for method in ["HEAD", "OPTIONS", "POST", "TRACE", "PATCH", "PUT", "DELETE", "CONNECT", "PROPFIND", "get"]:
        yield replace(request, method=method)


def with_values(request: Request, names: list[str]) -> Iterator[Request]:
    """Each name once alone, and each value once in all of them, as query and as form."""
    for number, name in enumerate(names):
        pair = f"{name}={VALUES[number % len(VALUES)]}"
        yield replace(request, query=pair)
        yield replace(request, method="POST", content_type=FORM, body=pair.encode())
    for value in VALUES:
        some = max(1, LONGEST_QUERY // (len(value) + 25))
        for start in range(0, len(names), some):
            yield replace(request, query="&".join(f"{name}={value}" for name in names[start : start + some]))
