"""Headers of identifiers and links, which must never be encoded or broken, however long one is.

Python's current email policies turn a word of more than 78 characters into encoded words (RFC 2047), which are not
allowed in identifiers (section 5) and which no mail program reads there.
"""

from __future__ import annotations

from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.policy import Policy

NEVER_ENCODED = ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe")


class IdentifierHeader(UnstructuredHeader, BaseHeader):
    """Identifiers or links, folded between them (RFC 5322, section 2.2.3)."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        separator = f"{policy.linesep} "
        return f"{self.name}: {separator.join(self.split())}{policy.linesep}"


HEADERS = HeaderRegistry()
for _name in NEVER_ENCODED:
    HEADERS.map_to_type(_name, IdentifierHeader)
