"""Background work: sends webhooks, advances payouts and pending captures."""

import logging
import threading
import time

from django.db import close_old_connections, connection

from .api import payments, payouts
from .webhooks import sending

EVERY = 0.1  # seconds
BUSY = 10.0  # seconds after a request; later, only one round in `IDLE_ROUNDS` looks for work
IDLE_ROUNDS = 10
log = logging.getLogger(__name__)
WORK = (payments.settle_due, payouts.advance, sending.deliver_due)


class Background(threading.Thread):
    """A thread of the server process; `stop` ends it after the current step."""

    def __init__(self) -> None:
        super().__init__(name="paypal-standin-background", daemon=True)
        self.stopping = threading.Event()
        self.stay_busy()

    def stay_busy(self) -> None:
        """A request may have brought work."""
        self.busy_until = time.monotonic() + BUSY

    def run(self) -> None:
        """Work until stopped; an error in one round doesn't stop the next."""
        rounds = 0
        while not self.stopping.wait(EVERY):
            rounds += 1
            if rounds % IDLE_ROUNDS and time.monotonic() > self.busy_until:
                continue
            close_old_connections()
            for step in WORK:
                self._run_step(step.__name__, step)
        connection.close()

    def _run_step(self, name: str, step: object) -> None:
        try:
            if callable(step):
                step()
        except Exception as error:  # a dead thread would stop all later webhooks
            log.error("%s failed: %s", name, type(error).__name__)

    def stop(self) -> None:
        """End the thread, waiting a little for it."""
        self.stopping.set()
        self.join(timeout=2)
