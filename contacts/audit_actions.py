"""The audit actions about messages, calls, letters and documents in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "contacts.attachment.fetched": "{actor} opened {object}",
        "contacts.call.logged": "{actor} recorded {object}",
        "contacts.document.added": "{actor} added {object}",
        "contacts.document.fetched": "{actor} opened {object}",
        "contacts.document.sent": "{actor} sent {object}",
        "contacts.incoming_mail.discarded": "{actor} discarded {object} as spam",
        "contacts.incoming_mail.failed": "{actor} could not read {object}",
        "contacts.incoming_mail.fetched": "{actor} downloaded {object} as it arrived",
        "contacts.incoming_mail.filed": "{actor} filed {object}",
        "contacts.incoming_mail.held": "{actor} held {object} for review",
        "contacts.incoming_mail.ignored": "{actor} ignored {object}, which needs no answer",
        "contacts.incoming_mail.repeated": "{actor} had {object} read again",
        "contacts.inquiry.answered": "{actor} answered {object}",
        "contacts.inquiry.assigned": "{actor} assigned {object}",
        "contacts.inquiry.closed": "{actor} closed {object}",
        "contacts.inquiry.discarded": "{actor} discarded {object} as spam",
        "contacts.inquiry.entered": "{actor} entered {object}",
        "contacts.inquiry.held": "{actor} held {object} as possible spam",
        "contacts.inquiry.merged": "{actor} merged {object} with another one",
        "contacts.inquiry.noted": "{actor} added an internal note to {object}",
        "contacts.inquiry.received": "{actor} received {object}",
        "contacts.inquiry.released": "{actor} released {object} from the spam folder",
        "contacts.inquiry.reopened": "{actor} reopened {object}",
        "contacts.inquiry.snoozed": "{actor} snoozed {object}",
        "contacts.inquiry.woken": "{actor} returned {object} to the inbox",
        "contacts.letter.logged": "{actor} recorded {object}",
        "contacts.mail.logged": "{actor} recorded {object}",
        "contacts.wish.dismissed": "{actor} found no privacy request in {object}",
        "contacts.wish.opened": "{actor} opened the privacy request that {object} asks for",
    }
)
