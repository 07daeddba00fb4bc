"""Validation of a label: a word for a campaign, never a person's address or phone number."""

from __future__ import annotations

import re
import unicodedata

from affiliates.models import LONGEST_LABEL

ALLOWED = re.compile(r"[\w -]+")  # letters and digits of any script, space, hyphen, underscore
NUMBER = re.compile(r"\d{5}")
SPLIT_NUMBER = re.compile(r"\d(?:[ _-]*\d){6}")  # seven digits: the shortest telephone numbers; a date has six
SPELLED_ADDRESS = re.compile(r"(?:^|[ _-])at[ _-].*[ _-]dot(?:[ _-]|$)")


class LabelRefused(ValueError):
    """This can't be a label; the message tells whoever typed it why."""


def clean_label(text: str) -> str:
    """The label in its normal form: lowercase, single spaces. Raises `LabelRefused`."""
    label = spelled(text)
    if not label:
        raise LabelRefused("Enter a label, such as newsletter-may.")
    if len(label) > LONGEST_LABEL:
        raise LabelRefused(f"A label can have at most {LONGEST_LABEL} characters. This one has {len(label)}.")
    if "@" in label or SPELLED_ADDRESS.search(label):
        raise LabelRefused("A label can't be an email address. Name the campaign, not a person.")
    if not ALLOWED.fullmatch(label) or not any(character.isalnum() for character in label):
        raise LabelRefused("A label can only contain letters, digits, spaces, hyphens and underscores.")
    if NUMBER.search(label) or SPLIT_NUMBER.search(label):
        raise LabelRefused("A label can't contain a number with five or more digits, or a phone number.")
    return label


def spelled(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())
