"""`python -m sandbox --port 8001 [--host 127.0.0.1] [--data-dir DIR] [--stripe-webhook-url URL]`.

Stripe's events are signed with the secrets in STRIPE_WEBHOOK_SECRET, separated by commas.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from sandbox import server
from sandbox import settings as settings_module
from sandbox.settings import Settings


def main() -> int:
    """Run the sandbox until it is told to stop; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A local stand-in for Pixazo and Stripe."
    )
    parser.add_argument(
        "--port", type=int, default=8001, help="port to listen on; 0 takes a free one"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--data-dir", type=Path, help="folder for rendered files (default: a temporary one)"
    )
    parser.add_argument(
        "--stripe-webhook-url", help="where Stripe's events go (default: they are only recorded)"
    )
    options = parser.parse_args()
    try:
        settings = _settings(options.stripe_webhook_url)
        listener = server.listen(options.host, options.port)
        if options.data_dir is not None:
            server.run(listener, _writable(options.data_dir), settings)
        else:
            with tempfile.TemporaryDirectory(
                prefix="sandbox-", ignore_cleanup_errors=True
            ) as folder:
                server.run(listener, Path(folder), settings)
    except server.CannotStart as error:
        return server.complain(str(error))
    return 0


def _settings(webhook_url: str | None) -> Settings:
    """Return the settings to start with; raises CannotStart for an address that is none."""
    secrets = [one.strip() for one in os.environ.get("STRIPE_WEBHOOK_SECRET", "").split(",")]
    wanted = {
        "stripe_webhook_url": webhook_url,
        "stripe_webhook_secrets": [one for one in secrets if one],
    }
    try:
        return settings_module.changed(Settings(), wanted)
    except ValueError as error:
        raise server.CannotStart(str(error)) from error


def _writable(folder: Path) -> Path:
    """Return `folder` made absolute and created; raises CannotStart when it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder.resolve()
    except OSError as error:
        raise server.CannotStart(f"cannot write into {folder}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
