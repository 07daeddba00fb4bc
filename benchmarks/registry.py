"""The benchmarks by name, in the order of the report. Each module has `measure()`, which yields `Ratio`s."""

BENCHMARKS = {
    "clicking": "clicking.clicks",
    "purging": "clicking.purge",
    "pages": "pages.speed",
    "first_page": "pages.first_page",
    "paying": "payouts",
    "buying": "money",
    "moving_in": "moving_in.imports",
    "growing": "growing.growth",
    "servers": "web_servers.speed",
    "server_faults": "web_servers.faults",
    "signing_in": "flood.pages",
    "receiving": "incoming_mail",
    "sweeping": "evidence.sweep",
    "rehearsing": "evidence.rehearsal",
    "exporting": "privacy.exports",
    "forgetting": "privacy.erasure",
    "reading": "privacy.field_reads",
    "finding": "privacy.lookups",
}
QUICK = ("pages", "clicking", "paying", "buying", "reading", "finding")  # of `make bench-quick`, within three minutes
