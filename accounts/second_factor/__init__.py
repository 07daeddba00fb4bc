"""The second factor: an authenticator app (TOTP), and recovery codes in case it is lost."""
