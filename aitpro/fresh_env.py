"""Writes a `.env` with fresh secrets if there is none: `python -m aitpro.fresh_env`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from privacy.encryption.keys import RootKey

DOTENV = Path(__file__).resolve().parent.parent / ".env"


def write_fresh_env(path: Path) -> bool:
    """Returns False if the file exists; it is never overwritten. Only its owner may read it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(f"SECRET_KEY={secrets.token_urlsafe(50)}\nENCRYPTION_KEYS={RootKey.generate().written_out()}\n")
    return True


if __name__ == "__main__" and write_fresh_env(DOTENV):
    print("Fresh secrets are in .env; every variable is explained in .env.example.")
