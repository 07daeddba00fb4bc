"""Signals for apps in higher layers, sent inside the transaction of the change."""

from django.dispatch import Signal

# A privacy request was answered or refused: `request`.
request_closed = Signal()

# A mail server says that a mail could not be delivered: `mail`, an outgoing mail. A receiver that knows better, because
# its recipient has answered it, returns True.
mail_returned = Signal()

# A rate limit refused something: `limit`, its name. Receivers must not query the database.
limit_reached = Signal()

# The main database was restored from a backup: `now`. Receivers end sessions and links that were valid at the time of
# the backup, because they may have ended since; each returns a line for the operator, or nothing.
database_restored = Signal()
