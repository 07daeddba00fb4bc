"""`deploy/nginx/aitpro.conf` on this machine: other names, ports and folders, and nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from tests.running_site import ROOT

SITE_CONFIGURATION = ROOT / "deploy" / "nginx" / "aitpro.conf"
SEVERAL_HOSTS = ROOT / "deploy" / "nginx" / "several-hosts.conf"
UPSTREAM = re.compile(r"^upstream aitpro_web \{.*?^\}", re.MULTILINE | re.DOTALL)

# What Debian's own nginx.conf adds, as far as it matters.
MAIN = """
user {user};
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 2048; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    gzip on;
    client_body_temp_path {folder}/temp-body;
    fastcgi_temp_path {folder}/temp-fastcgi;
    uwsgi_temp_path {folder}/temp-uwsgi;
    scgi_temp_path {folder}/temp-scgi;
    include {site};
}}
"""


def on_sockets(sockets: list[Path]) -> dict[str, str]:
    """Web instances on this host, as in `SITE_CONFIGURATION`."""
    return {f"unix:/run/aitpro/web-{number}.sock": f"unix:{path}" for number, path in enumerate(sockets, 1)}


def on_hosts(ports: list[int]) -> dict[str, str]:
    """Web instances on hosts of their own, as in `SEVERAL_HOSTS`."""
    return {f"10.0.0.1{number}:8000": f"127.0.0.1:{port}" for number, port in enumerate(ports, 1)}


class Addresses(NamedTuple):
    https: int
    http: int
    internal: int  # for programs on this machine


def write_configuration(
    folder: Path, *, user: str, addresses: Addresses, upstreams: dict[str, str], requests_per_second: int = 20
) -> Path:
    """Writes both files to the folder, which has `fullchain.pem` and `privkey.pem`; returns the main one.

    `upstreams` has this machine's address of each web instance, by the one in the configuration.
    """
    host, other = f"localhost:{addresses.https}", "other.localhost"
    text = SITE_CONFIGURATION.read_text()
    if not all(upstream in text for upstream in upstreams):
        text = UPSTREAM.sub(UPSTREAM.findall(SEVERAL_HOSTS.read_text())[0], text)
    for old, new in {
        **upstreams,
        "server_name www.example.com example.com;": f"server_name localhost {other};",
        "server_name www.example.com;": "server_name localhost;",
        "server_name example.com;": f"server_name {other};",
        "/etc/letsencrypt/live/www.example.com/": f"{folder}/",
        "www.example.com$request_uri": f"{host}$request_uri",
        "Host www.example.com;": f"Host {host};",
        "listen 80": f"listen 127.0.0.1:{addresses.http}",
        "listen [::]:80": f"listen [::1]:{addresses.http}",
        "listen 443": f"listen 127.0.0.1:{addresses.https}",
        "listen [::]:443": f"listen [::1]:{addresses.https}",
        "listen 127.0.0.1:9180": f"listen 127.0.0.1:{addresses.internal}",
        "/var/www/html": f"{folder}/acme",
        "/srv/www/aitpro": str(folder),
        "/var/log/nginx/": f"{folder}/",
        "/var/lib/nginx/proxy": f"{folder}/temp-downloads",
        "/dev/shm/aitpro-": f"{folder}/temp-memory-",  # noqa: S108
        "rate=20r/s": f"rate={requests_per_second}r/s",
    }.items():
        assert old in text, f"{SITE_CONFIGURATION} has no {old!r}"
        text = text.replace(old, new)
    assert "example.com;" not in text, text
    site, main = folder / "site.conf", folder / "nginx.conf"
    site.write_text(text)
    main.write_text(MAIN.format(folder=folder, site=site, user=user))
    return main


def worker_user() -> str:
    """As on Debian; whoever isn't root can only be themselves, and nginx warns of the line."""
    return "www-data" if os.geteuid() == 0 else "nobody"
