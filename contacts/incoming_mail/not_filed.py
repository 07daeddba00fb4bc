"""Why a mail was held, failed or ignored before it reached a thread, in words for staff. Never text of the mail: the
database shows them."""

from __future__ import annotations

from enum import StrEnum

from contacts.models.incoming_mail import THREAD_DELETED as DELETED_WITH_THREAD


class NotFiled(StrEnum):
    TOO_LARGE = "too large: only its beginning is stored"
    PROGRAM = "our program failed on it"
    CRASHES = "our program stopped on it several times"
    NO_SENDER = "it names no readable sender"
    OUR_ADDRESS = "it says that we wrote it"
    BY_PROGRAM = "a program wrote it, and it answers nothing of ours"
    TOO_MANY = "this sender wrote too often within an hour"
    TOO_MANY_OTHERS = "others than its sender wrote into this message too often within a day"
    UNDECIDED = "it could not be filed by itself"
    BOUNCE = "a mail server's notification about our mail"
    FOREIGN_BOUNCE = "a mail server's notification about a mail that isn't ours"
    UNSUBSCRIBED = "it opted its sender out of mail"
    TOO_OLD = "it is older than we keep messages"
    OWN_MAIL = "our own mail came back"
    SPAM = "marked as spam"
    THREAD_DELETED = DELETED_WITH_THREAD
    DELETED_BEFORE = "it arrived before and has been deleted since"
