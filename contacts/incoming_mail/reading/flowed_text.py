"""Paragraphs that a mail program broke into lines, joined again (RFC 3676, `format=flowed`)."""

from __future__ import annotations


def unflow(text: str, *, delete_spaces: bool) -> str:
    """A line that ends with a space continues on the next one, if that has the same depth of quoting.

    `delete_spaces`: whether that space belongs to the text or, with `delsp=yes`, does not.
    """
    lines: list[list[str]] = []  # each in pieces
    flows, depth = False, 0
    for raw in text.split("\n"):
        line = raw.lstrip(">")
        here = len(raw) - len(line)
        line = line.removeprefix(" ")  # a space stuffed in front
        ends = not line.endswith(" ") or line == "-- "
        piece = line[:-1] if delete_spaces and not ends else line
        if flows and here == depth and line != "-- ":
            lines[-1].append(piece)
        else:
            lines.append([f"{'>' * here} " if here else "", piece])
        flows, depth = not ends, here
    return "\n".join("".join(pieces) for pieces in lines)
