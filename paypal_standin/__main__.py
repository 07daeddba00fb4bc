"""python -m paypal_standin --port 8001 --data-dir var/paypal-standin --webhook-url http://…/paypal/webhook/"""

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m paypal_standin", description="A local stand-in for PayPal.")
    parser.add_argument("--port", type=int, default=8001, help="where to listen on 127.0.0.1 (8001)")
    parser.add_argument("--data-dir", type=Path, default=Path("var/paypal-standin"), help="where to store its data")
    parser.add_argument(
        "--webhook-url", type=_web_address, default=None, help="where to send webhooks; none by default"
    )
    return parser.parse_args()


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError("must be an http address")
    return text


def prepare(options: argparse.Namespace) -> None:
    """Apply the options, then create the database and certificates if missing."""
    os.umask(0o077)
    folder = options.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PAYPAL_STANDIN_DATA_DIR"] = str(folder)
    os.environ["PAYPAL_STANDIN_BASE_URL"] = f"http://127.0.0.1:{options.port}"
    # Not setdefault: the shop's own settings may be in the environment.
    os.environ["DJANGO_SETTINGS_MODULE"] = "paypal_standin.settings"
    import django

    django.setup()
    _migrate()
    _load_history(folder / "history.json")
    _store_settings(options.webhook_url)


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()


def _load_history(path: Path) -> None:
    """Load past payments, a fixture that a shop's demo left, once."""
    from django.core.management import call_command
    from django.db import connections

    if path.exists():
        call_command("loaddata", path, verbosity=0)
        path.unlink()
        connections.close_all()


def _store_settings(webhook_url: str | None) -> None:
    from .models import Setting
    from .webhooks.certificates import ensure
    from .webhooks.sending import WEBHOOK_URL

    ensure()
    if webhook_url:
        Setting.write(WEBHOOK_URL, webhook_url)


def main() -> None:
    """Prepare and serve."""
    options = read_options()
    prepare(options)
    from django.db import connections

    from .server import Server

    connections.close_all()
    greeting = f"PayPal stand-in: http://127.0.0.1:{options.port}/ (its certificates: {options.data_dir}/ca.pem)"
    # Gunicorn would read the command line as its own.
    sys.argv = sys.argv[:1]
    Server(options.port, greeting).run()


if __name__ == "__main__":
    main()
