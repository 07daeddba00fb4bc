"""Shell commands for outsiders to verify the signed evidence without this site's software. A test runs them."""

from __future__ import annotations

from hashlib import sha256

from django.conf import settings
from django.urls import reverse

from privacy.audit.signing import public_der

COMPARE = """python3 -c "
import json
old, new = (json.load(open(name))['audit_head'] for name in ('kept.json', 'evidence.json'))
same = old['number'] == new['number']
bad = new['hash'] != old['hash'] if same else new['number'] < old['number']
print('The log was rewritten.' if bad else 'The log was not truncated.')
\""""


def check_commands() -> dict[str, str]:
    """For a POSIX shell with curl and OpenSSL 3; `compare` also needs Python 3."""
    document, key = (settings.SITE_URL + reverse(f"privacy:{name}") for name in ("evidence_json", "evidence_key"))
    return {
        "get": f"curl -fsS -D headers.txt -o evidence.json {document} -o evidence.pem {key}",
        "signature": "grep -i '^evidence-signature:' headers.txt | cut -d ' ' -f 2 | tr -d '\\r'"
        " | openssl base64 -d -A -out evidence.sig",
        "verify": "openssl pkeyutl -verify -pubin -inkey evidence.pem -rawin -in evidence.json -sigfile evidence.sig",
        "fingerprint": "openssl pkey -pubin -in evidence.pem -outform DER | openssl sha256",
        "compare": COMPARE,
    }


def fingerprint() -> str:
    """Fingerprint of the current public key: SHA-256 of its DER form, in hexadecimal."""
    return sha256(public_der()).hexdigest()
