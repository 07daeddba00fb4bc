"""User accounts, sessions and second factors."""

from __future__ import annotations

from .second_factor import Authenticator, RecoveryCode
from .session import Session
from .user import LastAdministrator, LinkRequest, User, UserManager

__all__ = [
    "Authenticator",
    "LastAdministrator",
    "LinkRequest",
    "RecoveryCode",
    "Session",
    "User",
    "UserManager",
]
