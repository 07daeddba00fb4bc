"""`deploy/nginx/aitpro.conf` on this machine: other names, ports and folders, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from tests.running_site import ROOT

SITE_CONFIGURATION = ROOT / "deploy" / "nginx" / "aitpro.conf"

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


class Addresses(NamedTuple):
    https: int
    http: int
    internal: int  # for programs on this machine


def write_configuration(
    folder: Path, *, user: str, addresses: Addresses, sockets: list[Path], requests_per_second: int = 20
) -> Path:
    """Writes both files to the folder, which has `fullchain.pem` and `privkey.pem`; returns the main one."""
    host, other = f"localhost:{addresses.https}", "other.localhost"
    text = SITE_CONFIGURATION.read_text()
    for old, new in {
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
        "unix:/run/aitpro/web-1.sock": f"unix:{sockets[0]}",
        "unix:/run/aitpro/web-2.sock": f"unix:{sockets[1]}",
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
