"""Reads messages of the corpus: shapes of real mail, written for these tests."""

from __future__ import annotations

from pathlib import Path

from contacts.incoming_mail.message import ReadMessage, parse_message, read_message

CORPUS = Path(__file__).parent / "corpus"


def message_in(folder: str, name: str) -> ReadMessage:
    return read_message(parse_message((CORPUS / folder / f"{name}.eml").read_bytes()))


def names_in(folder: str) -> set[str]:
    return {path.stem for path in (CORPUS / folder).glob("*.eml")}
