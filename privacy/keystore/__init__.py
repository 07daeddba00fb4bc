"""Day keys: referral data of one day is sealed with that day's key, and becomes unreadable when the key is destroyed.

The keys live in a database of their own (`KEYSTORE_URL`), which backups leave out: a backup of the main database then
holds nothing that can be read after the keys are gone.
"""
