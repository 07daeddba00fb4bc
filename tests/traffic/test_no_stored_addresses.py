"""The started site counts a direct visitor's domain, and writes the visitor's address and host name nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from privacy.evidence.rehearsal.canaries import files_below
from tests.running_site import running_site, wait_for

from .name_server import name_server

pytestmark = [pytest.mark.slow, pytest.mark.one_database]
ADDRESS, HOST, DOMAIN = "8.94.213.177", "alice-at-home-2bd", "isp-of-somebody.com"


def test_only_the_domain_of_a_direct_visitor_is_left_anywhere(tmp_path: Path) -> None:
    with name_server() as (names, (host, port)):
        names.name(ADDRESS, f"{HOST}.{DOMAIN}.")
        with running_site(tmp_path, TRAFFIC_NAMESERVER=f"{host}:{port}") as site:
            visitor, staff = site.visitor(ADDRESS), site.signed_in("staff")
            for page in ("/", "/services/", "/privacy/"):
                assert visitor.open(page).h1

            def counted() -> bool:
                staff.open("/admin/traffic/domainday/domains.csv")
                return f"{DOMAIN},3" in staff.response.text

            wait_for(counted, "the count of the domain")
        left = b"\n".join(
            [path.read_bytes() for path in files_below(tmp_path)] + [line.encode() for line in site.output]
        )
    assert b"Booting worker" in left or b"Listening at" in left
    assert ADDRESS.encode() not in left
    assert HOST.encode() not in left
