"""Requests of people: from the way they come in, over the clock, to the answer and its record.

`intake`: the page's form and its link; what staff write down. `answers`: how a request ends. `clock`: acknowledging and
extending. `correction`: what people put right themselves. What the browser is told never depends on whether the address
is known. Every step is one transaction that ends with its entry in the audit.
"""

from .answers import (
    answer_with_archive,
    answer_with_deletion,
    answer_with_opt_out,
    answer_with_text,
    archive_behind,
    hand_over,
    mail_archive,
    open_archive,
    refuse_request,
)
from .clock import acknowledge_request, extend_request
from .correction import correct, correction_behind, invite_to_correct
from .intake import confirm_request, leave_open, receive_request, record_request, request_behind, why_link_is_over
from .steps import RequestRefused

__all__ = [
    "RequestRefused",
    "acknowledge_request",
    "answer_with_archive",
    "answer_with_deletion",
    "answer_with_opt_out",
    "answer_with_text",
    "archive_behind",
    "confirm_request",
    "correct",
    "correction_behind",
    "extend_request",
    "hand_over",
    "invite_to_correct",
    "leave_open",
    "mail_archive",
    "open_archive",
    "receive_request",
    "record_request",
    "refuse_request",
    "request_behind",
    "why_link_is_over",
]
