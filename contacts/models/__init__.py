"""What people write to us, from the contact form to the last answer."""

from __future__ import annotations

from .correspondence import Correspondence
from .document import Document
from .inquiry import KEPT, REFERENCE, Inquiry, InquiryQuerySet, new_reference
from .live_threads import KEPT_DAYS, LiveThreads
from .reply import Reply

__all__ = [
    "Correspondence",
    "Document",
    "Inquiry",
    "InquiryQuerySet",
    "KEPT",
    "KEPT_DAYS",
    "LiveThreads",
    "REFERENCE",
    "Reply",
    "new_reference",
]
