"""Buyers for the demo. Their addresses are reserved for examples (RFC 2606)."""

from __future__ import annotations

import random

GIVEN = """Aaron Abigail Ben Bianca Caleb Clara Diego Dora Elias Emma Felix Fiona Gavin Grace Hector Hazel Ivan Iris
Jonas June Kai Kira Liam Lucia Marco Maya Noah Nina Omar Opal Pedro Penny Rafael Ruth Samir Stella Theo Tessa Victor
Wendy"""
FAMILY = """Adams Becker Castillo Dawson Ellis Foster Garcia Hughes Ibrahim Jensen Keller Lopez Meyer Nguyen Ortiz
Palmer Quintana Rivera Sullivan Tanaka Underwood Vargas Walsh Young Zimmer"""


def buyer(chance: random.Random) -> tuple[str, str]:
    """A name and an email address."""
    given, family = chance.choice(GIVEN.split()), chance.choice(FAMILY.split())
    return f"{given} {family}", f"{given}.{family}@example.{chance.choice(('com', 'org'))}".lower()
