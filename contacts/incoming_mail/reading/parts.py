"""The parts of a message: which are its text, and which are files."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import compat32
from io import BytesIO
from typing import Any, cast

from privacy.encryption.validators import has_card_number

from .charsets import decode_text
from .files import ReadFile, file_of, masked_file, text_file
from .flowed_text import unflow
from .html_text import LONGEST, text_of_html
from .unreadable import Unreadable, UnreadableMessage

MOST_CHARACTERS = 300_000  # of a text that are read
MOST_PARTS = 1_000
DEEPEST = 100  # levels of parts
_NAMES = {  # of parts that come without one
    "application/ms-tnef": "winmail.dat",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "message/delivery-status": "delivery-status.txt",
    "text/calendar": "invitation.ics",
    "text/rfc822-headers": "headers.txt",
    "text/vcard": "contact.vcf",
}
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp"}
_ENDINGS |= {"application/pdf": ".pdf", "text/plain; charset=utf-8": ".txt"}


@dataclass
class Content:
    """`texts` are the readable parts in their order, whether they came as plain text or as HTML."""

    texts: list[str] = field(default_factory=list)
    files: list[ReadFile] = field(default_factory=list)
    is_plain: bool = False

    @property
    def text(self) -> str:
        return "\n\n".join(text for text in self.texts if text.strip())


def contents_of(message: EmailMessage) -> Content:
    """Raises `UnreadableMessage`."""
    if sum(1 for _ in message.walk()) > MOST_PARTS:
        raise UnreadableMessage(Unreadable.TOO_COMPLEX)
    return _Reader().content_of(message, depth=0)


class _Reader:
    """Reads the parts of one message."""

    def __init__(self) -> None:
        self._html_left = LONGEST  # characters of all HTML together

    def content_of(self, part: EmailMessage, depth: int) -> Content:
        if depth > DEEPEST:
            raise UnreadableMessage(Unreadable.TOO_DEEP)
        kind = part.get_content_type()
        if part.is_multipart() and kind == "message/rfc822":
            return self._forwarded(part, depth)
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            return self._parts(part, depth)
        if part.is_multipart():  # such as message/delivery-status
            return Content(files=[file_of(_name_of(part) or _NAMES.get(kind, "message.txt"), _inside(part))])
        if _is_text(part, kind):
            return self._html(part) if kind == "text/html" else _plain(part)
        return _file(part, kind)

    def _parts(self, part: EmailMessage, depth: int) -> Content:
        below = [self.content_of(each, depth + 1) for each in _below(part)]
        is_choice = part.get_content_type() == "multipart/alternative"
        texts = _best_of(below) if is_choice else [text for each in below for text in each.texts]
        return Content(texts, [file for each in below for file in each.files])

    def _html(self, part: EmailMessage) -> Content:
        """The text of HTML, and the original as a file; without the original if a card number hides in its markup."""
        content = _bytes_of(part)
        charset = _parameters(part, "content-type").get("charset", "")
        html = decode_text(content, charset)[: self._html_left]
        self._html_left -= len(html)
        text, file = text_of_html(html), file_of("message.html", content)
        if has_card_number(text):
            masked = decode_text(masked_file(file).content, charset)[: len(html)]
            file = text_file("message.txt", text) if has_card_number(text_of_html(masked)) else file
        return Content([text], [file])

    def _forwarded(self, part: EmailMessage, depth: int) -> Content:
        """A message in the message, as a file; as its text if there is a card number in it, which encoding may hide."""
        below = self.content_of(_below(part)[0], depth + 1)
        if has_card_number(below.text) or any(masked_file(file) != file for file in below.files):
            return Content(files=[text_file("message.txt", below.text), *below.files])
        return Content(files=[file_of(_name_of(part) or "message.eml", _inside(part))])


def _best_of(alternatives: list[Content]) -> list[str]:
    """The plain text, which hides nothing; if it is blank, the best of the others, which is the last one."""
    readable = [each for each in alternatives if each.text]
    plain = [each for each in readable if each.is_plain]
    return [*plain, *reversed(readable)][0].texts if readable else []


def _is_text(part: EmailMessage, kind: str) -> bool:
    if kind not in {"text/plain", "text/html"} and part.get_content_maintype() != "multipart":
        return False
    return not _name_of(part) and part.get_content_disposition() != "attachment"


def _plain(part: EmailMessage) -> Content:
    parameters = _parameters(part, "content-type")
    text = decode_text(_bytes_of(part), parameters.get("charset", "")).replace("\r\n", "\n")
    if parameters.get("format", "").lower() == "flowed":
        text = unflow(text, delete_spaces=parameters.get("delsp", "").lower() == "yes")
    return Content([_without_armor(text)], is_plain=True)


def _without_armor(text: str) -> str:
    """Text signed with PGP, without what the signature puts around it (RFC 9580, section 7)."""
    before, begin, signed = text.partition("-----BEGIN PGP SIGNED MESSAGE-----\n")
    signed, end, after = signed.partition("-----BEGIN PGP SIGNATURE-----\n")
    if not begin or not end:
        return text
    lines = signed.partition("\n\n")[2].split("\n")
    return before + "\n".join(line.removeprefix("- ") for line in lines) + after.partition("SIGNATURE-----\n")[2]


def _file(part: EmailMessage, kind: str) -> Content:
    content, name = _bytes_of(part), _name_of(part)
    if not content and not name:
        return Content()
    file = file_of(name or _NAMES.get(kind, "file"), content)
    if not name and kind not in _NAMES:
        file = file_of("file" + _ENDINGS.get(file.content_type, ""), content)
    return Content(files=[file])


def _below(part: EmailMessage) -> list[EmailMessage]:
    return cast("list[EmailMessage]", part.get_payload())


def _bytes_of(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _inside(part: EmailMessage) -> bytes:
    """A message that was parsed, as it came."""
    written = BytesIO()
    generator = BytesGenerator(written, mangle_from_=False, policy=compat32)
    for each in _below(part):
        generator.flatten(each)
    return written.getvalue()


def _name_of(part: EmailMessage) -> str:
    given = _parameters(part, "content-disposition").get("filename")
    return str(given or _parameters(part, "content-type").get("name") or "")


def _parameters(part: EmailMessage, header: str) -> dict[str, Any]:
    return dict(getattr(part[header], "params", {}))
