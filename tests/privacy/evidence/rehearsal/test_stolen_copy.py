"""A thief's stolen values are tried at the address that they are for."""

from __future__ import annotations

from privacy.evidence.rehearsal.stolen_copy import doors


def test_a_word_that_names_another_address_is_not_tried_as_a_key() -> None:
    [unknown] = [door for door in doors() if door.route == "api/v1/<path:unknown>"]
    assert unknown.is_at(unknown.path("unknown", "dGhlIHNlY3JldA", {}))
    assert not unknown.is_at(unknown.path("unknown", "commissions", {}))


def test_each_address_with_a_parameter_is_reached_with_nonsense() -> None:
    for door in doors():
        for place in door.places():
            path = door.path(place, door.nonsense(place), {"purpose": "order", "kind": "access"})
            assert door.is_at(path), door.route
