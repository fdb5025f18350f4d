"""`python -m sandbox --port 8001 [--host 127.0.0.1] [--data-dir DIR]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from sandbox import server


def main() -> int:
    """Run the sandbox until it is told to stop; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A local stand-in for Pixazo."
    )
    parser.add_argument(
        "--port", type=int, default=8001, help="port to listen on; 0 takes a free one"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--data-dir", type=Path, help="folder for rendered files (default: a temporary one)"
    )
    options = parser.parse_args()
    try:
        listener = server.listen(options.host, options.port)
        if options.data_dir is not None:
            server.run(listener, _writable(options.data_dir))
        else:
            with tempfile.TemporaryDirectory(
                prefix="sandbox-", ignore_cleanup_errors=True
            ) as folder:
                server.run(listener, Path(folder))
    except server.CannotStart as error:
        return server.complain(str(error))
    return 0


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
