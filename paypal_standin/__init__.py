"""A local stand-in for PayPal, for development and tests.

It is a Django project of its own, started as a program (`python -m paypal_standin`)
and spoken to over HTTP. Nothing in the shop may import it.
"""

import os
import sys

REFUSED_MODES = ("live", "sandbox")


def refuse_real_paypal() -> None:
    """Refuse to start if the environment selects the real PayPal."""
    mode = os.environ.get("PAYPAL_MODE", "").strip().lower()
    if mode not in REFUSED_MODES:
        return
    message = f"paypal_standin only pretends to be PayPal, so it does not start while PAYPAL_MODE is {mode}."
    # `python -m` runs this file before __main__: print a plain line instead of a traceback.
    raise SystemExit(message) if sys.argv[:1] == ["-m"] else ImportError(message)


refuse_real_paypal()
