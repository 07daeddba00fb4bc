"""News for the floors above, sent inside the transaction of the change it tells of."""

from django.dispatch import Signal

# A privacy request ended, answered or refused: `request`.
request_closed = Signal()

# The main database was put back to an earlier time: `now`. Receivers end what opened something at that time and may
# have been ended since; each returns a line for the operator, or nothing.
database_restored = Signal()
