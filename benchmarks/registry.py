"""The benchmarks by name, in the order of the report: each module has `measure()`, which yields `Ratio`s."""

BENCHMARKS = {
    "clicking": "clicks",
    "purging": "clicks_purge",
    "pages": "pages",
    "paying": "payouts",
    "growing": "growth",
    "servers": "servers",
    "signing_in": "login_flood",
    "receiving": "incoming_mail",
    "sweeping": "sweep",
    "rehearsing": "rehearsal",
    "exporting": "exports",
    "forgetting": "erasure",
    "reading": "field_reads",
    "finding": "lookups",
}
QUICK = ("clicking", "paying", "reading", "finding")  # of `make bench-quick`, on both databases within three minutes
