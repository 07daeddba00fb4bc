"""The audit actions about privacy, and those of the whole admin, in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "privacy.staff.added": "{actor} added {object}",
        "privacy.staff.changed": "{actor} changed {object}",
        "privacy.staff.deleted": "{actor} deleted {object}",
        "privacy.staff.exported": "{actor} exported {object}",
        "privacy.staff.listed": "{actor} read {object}",
        "privacy.staff.person": "{actor} opened everything about one person, found by {object}",
        "privacy.staff.read": "{actor} read {object}",
        "privacy.staff.search": "{actor} searched {object} by address, number or name",
        "privacy.staff.search_all": "{actor} searched everything they may see by address, number or name",
    }
)

audit_actions(
    {
        "privacy.choices.changed": "A person changed what they may be sent: {object}",
        "privacy.choices.stopped": "A person opted out: {object}",
        "privacy.clock.confirmed": "{actor} confirmed the clock of the server",
        "privacy.mail_text.changed": "{actor} changed the text of a mail: {object}",
        "privacy.mail_text.tested": "{actor} sent themselves a test of a mail: {object}",
        "privacy.notice.written": "{actor} told somebody about a policy by letter: {object}",
        "privacy.notice.called": "{actor} told somebody about a policy by phone: {object}",
        "privacy.notice.left_out": "{actor} left out somebody who opted out of all contact: {object}",
        "privacy.optout.recorded": "{actor} recorded {object}",
        "privacy.person.erased": "{actor} erased a person: {object}",
        "privacy.person.exported": "{actor} exported everything about a person on the command line",
        "privacy.policy.announced": "{actor} announced {object}",
        "privacy.policy.in_effect": "{actor} put {object} into effect",
        "privacy.policy.withdrawn": "{actor} withdrew {object}",
        "privacy.undeliverable.lifted": "{actor} allowed mail to an undeliverable address again",
        "privacy.undeliverable.answered": "{actor} allowed mail to an undeliverable address, from which an answer came",
        "privacy.undeliverable.noticed": "{actor} noticed {object}",
    }
)

audit_actions(
    {
        "privacy.request.acknowledged": "{actor} acknowledged {object}",
        "privacy.request.answered": "{actor} answered {object}",
        "privacy.request.archive_opened": "{actor} opened the archive of {object}",
        "privacy.request.confirmed": "The person confirmed {object}",
        "privacy.request.extended": "{actor} extended the deadline of {object}",
        "privacy.request.left_to_staff": "The person's correction was left to staff: {object}",
        "privacy.request.link_sent": "{actor} sent the confirmation link of {object}",
        "privacy.request.received": "{actor} received {object}",
        "privacy.request.recorded": "{actor} recorded {object}",
        "privacy.request.report_mailed": "{actor} mailed the report of the deletion that {object} asks for",
        "privacy.request.refused": "{actor} refused {object}",
    }
)
