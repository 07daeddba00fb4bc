"""Returned mail as mail servers write it, outside the standard's format, too. `{id}` is the Message-ID that it quotes.

`DAVE` is whom each names as not reached, which nothing believes.
"""

from __future__ import annotations

from email import message_from_string
from email.message import EmailMessage
from email.policy import default

DAVE = "dave@example.org"

STANDARD = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

The mail could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; dave@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--B
Content-Type: message/rfc822

Message-ID: {id}
Subject: Our answer

Hello
--B--
"""

POSTFIX = STANDARD.format(action="failed", status="5.1.1", diagnostic="550 5.1.1 unknown user", id="{id}")
GMAIL_FULL = STANDARD.format(action="failed", status="5.2.2", diagnostic="552-5.2.2 over quota", id="{id}")
POSTFIX_DELAYED = STANDARD.format(action="delayed", status="4.4.1", diagnostic="451 4.4.1 timed out", id="{id}")

EXIM = """\
Return-Path: <>
From: Mail Delivery System <Mailer-Daemon@mx.example.org>
Auto-Submitted: auto-replied
X-Failed-Recipients: dave@example.org
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

  dave@example.org
    host mx.example.net [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<dave@example.org>:
    550 5.1.1 unknown user

------ This is a copy of the message, including all the headers. ------

Message-ID: {id}
Subject: Our answer

Hello
"""

QMAIL = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org
Subject: failure notice

Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.

<dave@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: {id}
"""

EXCHANGE_2003 = """\
From: System Administrator <postmaster@example.org>
Subject: Undeliverable: Our answer
In-Reply-To: {id}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="B"

--B
Content-Type: text/plain

Your message

  To:      dave@example.org
  Subject: Our answer

did not reach the following recipient(s):

dave@example.org on Mon, 2 Mar 2026 09:00:00 +0000
    The recipient name is not recognized
--B--
"""

IN_NO_KNOWN_FORMAT = """\
Return-Path: <>
From: mail-robot@example.org
Subject: Ihre Nachricht

Der Empfaenger hat kein Postfach: 550 unbekannt.
{id}
"""

OUT_OF_OFFICE = """\
Return-Path: <>
From: Dave <dave@example.org>
Auto-Submitted: auto-replied
Subject: Away
In-Reply-To: {id}

I am back on 5.1.26. Call 550 for help.
"""

FORWARDED_BY_A_PERSON = (
    """\
Return-Path: <dave@example.org>
From: Dave <dave@example.org>
Subject: Fwd: Undelivered Mail Returned to Sender
References: {id}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="A"

--A
Content-Type: text/plain

This came back to me. What should I do?

--A
Content-Type: message/rfc822

"""
    + POSTFIX.replace('"B"', '"C"').replace("--B", "--C")
    + """
--A--
"""
)

WRITTEN_BY_A_PERSON = """\
Return-Path: <dave@example.org>
From: Dave <dave@example.org>
Subject: Your message could not be delivered
In-Reply-To: {id}

My colleague says that your message could not be delivered:
<eve@example.org>: 550 5.1.1 unknown user
Can you send it again?
"""


WRITTEN_BY_A_STRANGER = """\
Return-Path: <dave@example.org>
From: Dave <dave@example.org>
Subject: Your message could not be delivered

Hello! What does this mean, which I got from my provider?

Your message could not be delivered to
<eve@example.org>:
550 5.1.1 unknown user
-
"""


def returned(shape: str, message_id: str) -> EmailMessage:
    message = message_from_string(shape.replace("{id}", message_id), policy=default)
    assert isinstance(message, EmailMessage)
    return message
