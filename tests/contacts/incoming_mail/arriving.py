"""Messages as they arrive at the mail server."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

DAVE = "dave@example.org"


def arriving(
    text: str = "Can you build us a shop?",
    *,
    sender: str = DAVE,
    subject: str = "A question",
    message_id: str = "<1@example.org>",
    file: bytes = b"",
    **header: str,
) -> bytes:
    """One message. `header` are further fields, with _ for - in their names."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, "info@ait-pro.com", subject
    message["Date"] = "Mon, 02 Mar 2026 11:59:00 +0000"
    if message_id:
        message["Message-ID"] = message_id
    for name, value in header.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if file:
        message.add_attachment(file, maintype="image", subtype="png", filename="shop.png")
    return message.as_bytes()
