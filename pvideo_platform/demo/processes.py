"""What the operating system offers to leave no process behind. Linux has the most of it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def become_subreaper() -> None:
    """Let orphaned grandchildren become our children, so that we can find and reap them."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(
    command: list[str], *, env: dict[str, str], cwd: Path, log: Path
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own (a Ctrl-C in the terminal is ours alone to handle)
    that is asked to end should we be killed. What it prints goes to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(  # only ever called from the main thread
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent(os.getpid()),
        )


def _end_with_parent(parent: int) -> Callable[[], None]:
    def prepare_child() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent:  # it died before we could ask to be told
                os._exit(1)

    return prepare_child


def reap_orphans(own: "Iterable[subprocess.Popen[bytes]]") -> None:
    """Collect every child that has ended, without taking an exit code away from its Popen."""
    if sys.platform == "win32" or sys.platform == "darwin":
        return
    by_pid = {process.pid: process for process in own}
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None:
            return
        if ended.si_pid in by_pid and by_pid[ended.si_pid].returncode is None:
            by_pid[ended.si_pid].poll()
        else:
            os.waitpid(ended.si_pid, os.WNOHANG)


def descendants(*, except_below: int | None = None) -> list[psutil.Process]:
    """Every living process below this one.

    Args:
        except_below: leave out this process and what is below it.
    """
    found: list[psutil.Process] = psutil.Process().children(recursive=True)
    if except_below is not None:
        spared = {except_below}
        with suppress(psutil.NoSuchProcess):
            spared |= {p.pid for p in psutil.Process(except_below).children(recursive=True)}
        found = [process for process in found if process.pid not in spared]
    return found


def kill(victims: Iterable[psutil.Process]) -> None:
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.kill()


def send(pid: int, number: signal.Signals) -> None:
    """A signal to a process that may be gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_while(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until `condition` no longer holds; False when it still does after `seconds`."""
    until = time.monotonic() + seconds
    while condition():
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)
    return True


def tail(log: Path, *, lines: int = 12) -> str:
    """The last lines of a log, indented, for an error message."""
    try:
        text = log.read_bytes()[-8192:].decode(errors="replace").strip()
    except OSError:
        text = ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (nothing)"


def started_by_uv() -> int | None:
    """The process id of the `uv run` that we run below, if we do."""
    parent = os.getppid()
    try:
        return parent if psutil.Process(parent).name() == "uv" else None
    except psutil.Error:
        return None
