"""What is refused before anything is started, so that nothing has to be stopped."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.options import Options


@contextmanager
def owned(options: Options) -> Iterator[None]:
    """Check all that can be checked beforehand, and keep the data folder to ourselves.

    Raises:
        DemoFailure: saying what is wrong and what to do about it.
    """
    _check_options(options)
    _check_folder(options)
    _check_credentials_file(options.credentials)
    with _lock(options.data_dir):
        for port in options.ports:
            _check_port(port)
        yield


def _check_options(options: Options) -> None:
    if not 1 <= options.port <= 65534:
        raise DemoFailure("--port must be between 1 and 65534 (the sandbox takes the next one).")
    if options.walkthrough and options.real_provider:
        raise DemoFailure(
            "--walkthrough needs the sandbox: it asks for failures that the real provider does not "
            "offer, and real videos cost money. Unset PIXAZO_API_KEY and try again."
        )


def _check_folder(options: Options) -> None:
    try:
        options.logs.mkdir(parents=True, exist_ok=True)
        for folder in (options.data_dir, options.logs):
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise DemoFailure(
            f"The data folder {options.data_dir} cannot be written ({error.strerror or error}). "
            "Choose another one: --data-dir DIR"
        ) from error
    if not options.database_url and any(
        c.isspace() or c in "'\"\\," for c in str(options.data_dir)
    ):
        raise DemoFailure(
            f"The data folder {str(options.data_dir)!r} has a space, quote, comma or backslash in "
            "its path, which the embedded PostgreSQL cannot have. Choose another one: "
            "--data-dir DIR"
        )


def _check_credentials_file(path: Path | None) -> None:
    if path is None:
        return
    try:
        if path.exists() and not path.is_file():
            raise DemoFailure(f"The credentials file {path} exists and is no regular file.")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise DemoFailure(
            f"The credentials file {path} cannot be written ({error.strerror or error})."
        ) from error


@contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    """One demo per data folder; the kernel drops the lock however the demo ends."""
    with (data_dir / "demo.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise DemoFailure(
                f"A demo is already running on the data folder {data_dir} (process {owner}). "
                "Stop it, or choose another folder and port: --data-dir DIR --port N"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections only linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            raise DemoFailure(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). Stop what uses it, "
                "or choose another one: --port N (the sandbox takes N+1)"
            ) from error
