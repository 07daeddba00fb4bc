"""`make deploy-demo`: starts the production set, walks the main path through TLS, and stays up with KEEP=1."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from .main_path import walk
from .site import Production


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = int(os.environ.get("HTTPS_PORT") or 0)
    with tempfile.TemporaryDirectory(prefix="aitpro-production-") as folder:
        production = Production(Path(folder), port=port)
        try:
            with production.running():
                _show(production)
                walk(production, lambda line: print(f"- {line}", flush=True))
                _check(production)
                if os.environ.get("KEEP"):
                    _stay(production)
        except KeyboardInterrupt:
            print("\nEverything has ended.")
    return 0


def _show(production: Production) -> None:
    print(f"The site: {production.url}/ (authority: {production.ca})")
    for part in production.parts.values():
        print(f"  {part.name:<12} process {part.pid}, log {part.log}")
    print("What its users did:", flush=True)


def _check(production: Production) -> None:
    """Production differs in PayPal and the mail server, and says so."""
    print("manage.py check --deploy says:")
    said = production.command("check", "--deploy")
    print("\n".join(f"  {line}" for line in said.splitlines() if line.strip()), flush=True)


def _stay(production: Production) -> None:
    for role in ("staff", "affiliate"):
        print(f"{role}: {' '.join(production.sign_in_of(role))}")
    print(f"Mails are in {production.mail_folder}/new. Ctrl-C ends everything.", flush=True)
    production.keep_running()
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
