"""Privacy requests, from receipt to answer.

`intake`: receiving and recording requests. `link_mail`: the mail with the confirmation link. `confirmation`:
confirming with that link. `answers`: answering or refusing. `announced_deletion`: deleting after a report by
email. `extensions`: acknowledging and extending. `correction`:
corrections by the person. Responses never reveal whether an address is known. Each step is one transaction that ends
with an audit entry.
"""

from .announced_deletion import delete_reported, mail_report_first
from .answers import (
    answer_with_archive,
    answer_with_deletion,
    answer_with_opt_out,
    answer_with_text,
    archive_before_deletion,
    archive_behind,
    mail_archive,
    mark_sent_by_letter,
    open_archive,
    refuse_request,
    report_behind,
    report_for_staff,
)
from .confirmation import MailedLink, leave_to_staff, mailed_link
from .correction import correct, correction_behind, invite_to_correct
from .extensions import acknowledge_request, extend_request
from .intake import open_mailed_request, receive_request, record_request
from .link_mail import mail_link_now, mail_waiting_links

__all__ = [
    "MailedLink",
    "acknowledge_request",
    "answer_with_archive",
    "answer_with_deletion",
    "answer_with_opt_out",
    "answer_with_text",
    "archive_behind",
    "correct",
    "delete_reported",
    "correction_behind",
    "extend_request",
    "mark_sent_by_letter",
    "invite_to_correct",
    "leave_to_staff",
    "mail_archive",
    "mail_link_now",
    "mail_report_first",
    "mail_waiting_links",
    "mailed_link",
    "open_archive",
    "open_mailed_request",
    "archive_before_deletion",
    "receive_request",
    "record_request",
    "refuse_request",
    "report_behind",
    "report_for_staff",
]
