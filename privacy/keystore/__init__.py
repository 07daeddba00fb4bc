"""Day keys: referral data is sealed with the key of its day, and becomes unreadable when that key is destroyed.

The keys are stored in a separate database (`KEYSTORE_URL`) that backups leave out, so that backups of the main database
become unreadable too.
"""
