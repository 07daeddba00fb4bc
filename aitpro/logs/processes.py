"""What Python itself writes to a process's error output: uncaught errors, also of threads, and warnings.

They become lines like all others. Python would print an error's message and a warning's text, which may quote a value.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import Any, TextIO

from .formatters import PlainFormatter

logger = logging.getLogger("aitpro.logs")


def install_hooks() -> None:
    """As a process begins, before it reads its settings."""
    sys.excepthook = on_uncaught_error
    threading.excepthook = on_thread_error
    sys.unraisablehook = on_unraisable_error
    warnings.showwarning = on_warning
    logging.raiseExceptions = False  # a handler that fails would print the line's arguments
    if logging.lastResort is not None:  # writes what is logged before the settings are read
        logging.lastResort.setFormatter(PlainFormatter())


def on_uncaught_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None, /) -> None:
    """Whoever sits at a terminal sees the message, too."""
    if sys.stderr.isatty() or isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log(logging.ERROR, "the process ends with an error", error)


def on_thread_error(failed: Any) -> None:
    if failed.exc_type is not SystemExit:
        _log(logging.ERROR, "a thread ends with an error", failed.exc_value)


def on_unraisable_error(failed: Any) -> None:
    _log(logging.ERROR, "an error could not be raised", failed.exc_value)


def on_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _log(logging.WARNING, f"{category.__module__}.{category.__qualname__} in {filename}, line {lineno}", None)


def _log(level: int, message: str, error: BaseException | None) -> None:
    exc_info = (type(error), error, error.__traceback__) if error is not None else None
    logger.log(level, message, exc_info=exc_info)
