"""Messages from the contact form, what belongs to them, and the services on offer."""

from __future__ import annotations

from .attachment import Attachment
from .correspondence import Correspondence
from .document import Document
from .inquiry import KEPT, REFERENCE, Inquiry, InquiryQuerySet, new_reference
from .live_threads import KEPT_DAYS, LiveThreads
from .reply import Reply
from .service import Service

__all__ = [
    "Attachment",
    "Correspondence",
    "Document",
    "Inquiry",
    "InquiryQuerySet",
    "KEPT",
    "KEPT_DAYS",
    "LiveThreads",
    "REFERENCE",
    "Reply",
    "Service",
    "new_reference",
]
