"""The evidence as JSON: exactly what the page shows. Times are ISO 8601, in UTC."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from privacy.audit.models import SigningKey
from privacy.models.attack import Breach

from .attacks import LatestAttack
from .snapshot import EvidenceSnapshot, PromiseRow

SCHEMA = 2  # incremented for breaking changes


def as_json(taken: EvidenceSnapshot) -> bytes:
    return json.dumps(_document(taken), indent=1, default=datetime.isoformat).encode()


def _document(taken: EvidenceSnapshot) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "measured_at": taken.at,
        "kept": taken.kept,
        "broken": taken.broken,
        "attacks": [_attack_as_json(attack) for attack in taken.attacks],
        "promises": [_row_as_json(row) for row in taken.rows],
        "audit_head": taken.head,
        "keys": [_key_as_json(key) for key in taken.keys],
    }


def _attack_as_json(attack: LatestAttack) -> dict[str, Any]:
    """`last` may be running or have failed; the figures are those of the latest completed attack."""
    good = attack.good
    return {
        "kind": attack.kind,
        "last": attack.last and {"state": attack.last.state, "began_at": attack.last.began_at},
        "began_at": good and good.began_at,
        "ended_at": good and good.ended_at,
        "ways_in": good and good.ways,
        "attempts": attack.attempts,
        "searches": attack.searches,
        "places_found": attack.found,
        "found_since": attack.found_since,
        "places_not_tried": attack.untried,
        "not_reached": good.unreached if good else [],
        "trouble": attack.trouble,
    }


def _row_as_json(row: PromiseRow) -> dict[str, Any]:
    finding = row.finding
    return {
        "id": finding.promise.id,
        "promise": str(finding.promise.sentence),
        "enforced_by": str(finding.promise.control),
        "test": finding.promise.test,
        "state": "broken" if finding.is_broken else "kept",
        "kept": finding.evidence.kept,
        "since": row.since,
        "measured_at": finding.measured_at,
        "figures": finding.evidence.figures,
        "attacked": _attacked_as_json(row),
        "history": [{"broke_at": state.began_at, "mended_at": state.ended_at} for state in row.breaks],
    }


def _attacked_as_json(row: PromiseRow) -> dict[str, Any] | None:
    """None if the attack results can't be read."""
    attacked = row.finding.attacked
    if attacked is None:
        return None
    return {
        "last_at": attacked.last_at,
        "attempts": attacked.attempts,
        "searches": attacked.searches,
        "tried": [{"kind": probe.kind, "probe": probe.probe, "count": probe.count} for probe in row.tried],
        "found": [_breach_as_json(breach) for breach in attacked.breaches],
        "not_as_it_should_be": list(attacked.complaints),
        "found_earlier": [_breach_as_json(breach) for breach in row.closed],
    }


def _breach_as_json(breach: Breach) -> dict[str, Any]:
    """`tried` is false if something couldn't be tested."""
    return {
        "kind": breach.kind,
        "place": breach.place,
        "tried": breach.tried,
        "found_at": breach.found_at,
        "last_found_at": breach.last_found_at,
        "ended_at": breach.ended_at,
    }


def _key_as_json(key: SigningKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "public_key": key.public_key,
        "first_used_at": key.first_used_at,
        "signed_by": key.signed_by,
        "signature": key.signature,
    }
