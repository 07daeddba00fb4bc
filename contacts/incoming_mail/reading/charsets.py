"""Text from bytes whose label may be missing, unknown or wrong, as it often is in mail."""

from __future__ import annotations

import codecs
import re

import charset_normalizer

# What mail programs mean by these labels: the larger set of their system, as browsers read them (WHATWG, Encoding).
_MEANT = {
    "iso8859-1": ("cp1252",),
    "latin-1": ("cp1252",),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "shift_jis": ("cp932",),
    "euc_kr": ("cp949",),
    "big5": ("cp950", "big5hkscs"),
    "tis-620": ("cp874",),
    "iso2022_jp": ("iso2022_jp", "iso2022_jp_2004", "iso2022_jp_ext"),
    "ascii": (),
}
# Labels that Python doesn't know, or knows by another name.
_ALIASES = {
    "iso-8859-8-i": "iso8859-8",
    "ks_c_5601-1987": "cp949",
    "unicode-1-1-utf-7": "utf-7",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
}
# Text in UTF-8 is valid in these too, but nobody writes what it then says.
_ONE_BYTE = ("ascii", "cp125", "cp437", "cp850", "iso8859", "koi8", "latin", "mac")
# Python's codecs that are no character set, or that take more than linear time.
_NO_CHARSETS = {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_GUESSES = ["cp1250", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "gb18030", "big5", "cp932", "euc_jp", "cp949"]
_SAMPLE = 5_000  # bytes on which a guess is based
_WESTERN = 0.2  # share of bytes above ASCII below which a text is taken for a Western one
_ABOVE_ASCII = re.compile(rb"[\x80-\xff]")
_WITH_LETTERS = re.compile(rb"[!-~]*[\x80-\xff][!-~\x80-\xff]*")


def decode_text(content: bytes, label: str = "") -> str:
    """The text in `content`. `label` is the character set that a sender names, such as `koi8-r`; it is believed if the
    bytes fit and aren't plainly UTF-8. Otherwise, UTF-8 is tried before a guess. Never raises; what can't be read
    becomes U+FFFD."""
    marked = (codec for mark, codec in _MARKS if content.startswith(mark))
    for codec in (*marked, *_codecs_meant_by(label), "utf-8"):
        try:
            return content.decode(codec)
        except (LookupError, ValueError):  # LookupError: a codec for something else than text
            continue
    return content.decode(_guess(content), errors="replace")


def _codecs_meant_by(label: str) -> tuple[str, ...]:
    label = label.strip().strip("\"'").lower()
    try:
        found = codecs.lookup(_ALIASES.get(label, label))
    except (LookupError, ValueError):  # ValueError: a null character in the name
        return ()
    if found.name in _NO_CHARSETS:
        return ()
    meant = _MEANT.get(found.name, (found.name,))
    return ("utf-8", *meant) if found.name.startswith(_ONE_BYTE) else meant


def _guess(content: bytes) -> str:
    """Most letters of a text in a non-Latin script are above ASCII; in a Western one, few are."""
    sample = content[:_SAMPLE]
    if len(_ABOVE_ASCII.findall(sample)) < _WESTERN * len(sample):
        return "cp1252"
    letters = b" ".join(_WITH_LETTERS.findall(sample))
    best = charset_normalizer.from_bytes(letters, cp_isolation=_GUESSES).best()
    return best.encoding if best else "cp1252"
