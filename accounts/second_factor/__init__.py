"""The second factor: an app that shows codes (TOTP), and recovery codes for when it is lost."""
