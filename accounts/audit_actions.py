"""The audit actions about accounts in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "accounts.password.changed": "{actor} changed the password of {object}",
        "accounts.password.reset": "{actor} reset the password of {object}",
        "accounts.password.set": "{actor} set the first password of {object}",
        "accounts.recovery_code.used": "{actor} signed in to {object} with a recovery code",
        "accounts.recovery_codes.renewed": "{actor} made new recovery codes for {object}",
        "accounts.rights.changed": "{actor} changed the rights of {object}",
        "accounts.second_factor.added": "{actor} added a second factor to {object}",
        "accounts.second_factor.removed": "{actor} removed a second factor of {object}",
        "accounts.second_factor.reset": "{actor} reset the second factors of {object}",
        "accounts.session.ended": "{actor} ended a session of {object}",
        "accounts.session.refused": "{actor} refused a sign-in to {object}",
        "accounts.session.started": "{actor} started a session of {object}",
        "accounts.sessions.ended": "{actor} ended all sessions of {object}",
        "accounts.user.activated": "{actor} activated {object}",
        "accounts.user.deactivated": "{actor} deactivated {object}",
        "accounts.user.invited": "{actor} invited {object}",
    }
)
