"""Messages to the business, what belongs to them, and the services on offer."""

from __future__ import annotations

from .attachment import Attachment
from .correspondence import Correspondence
from .document import Document
from .draft import Draft
from .incoming_mail import IncomingMail
from .inquiry import REFERENCE, Inquiry, InquiryQuerySet, new_reference
from .live_threads import LiveThreads
from .mailbox import Mailbox, MailboxMessage
from .note import Note
from .presence import Presence
from .reply import Reply
from .saved_reply import SavedReply
from .seen_message import SeenMessage
from .service import Service

__all__ = [
    "Attachment",
    "Correspondence",
    "Document",
    "Draft",
    "IncomingMail",
    "Inquiry",
    "InquiryQuerySet",
    "LiveThreads",
    "Mailbox",
    "MailboxMessage",
    "Note",
    "Presence",
    "REFERENCE",
    "Reply",
    "SavedReply",
    "SeenMessage",
    "Service",
    "new_reference",
]
