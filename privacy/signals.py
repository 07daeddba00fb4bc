"""News for the floors above, sent inside the transaction of the change it tells of."""

from django.dispatch import Signal

# A privacy request ended, answered or refused: `request`.
request_closed = Signal()
