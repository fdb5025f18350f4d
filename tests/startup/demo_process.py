"""A demo as a test starts it: a process of its own, in another folder, with a bare environment."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60.0
STOP_SECONDS = 10.0  # the promise
KEPT = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "XDG_RUNTIME_DIR")


def free_ports() -> int:
    """A port that is free, like the one after it."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


class Demo:
    """`manage.py demo`, running or ended."""

    def __init__(
        self, data_dir: Path, *options: str, said: Path, port: int = 0, **env: str
    ) -> None:
        """Start it. What it says goes to files that begin with `said`, not to pipes: nothing has
        to be read for the demo to go on."""
        self.data_dir = data_dir
        self.port = port or free_ports()
        self._out, self._err = said.with_suffix(".out"), said.with_suffix(".err")
        bare = {name: os.environ[name] for name in KEPT if name in os.environ}
        command = [str(PROJECT / "manage.py"), "demo", "--port", str(self.port)]
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, *command, "--data-dir", str(data_dir), *options],
                cwd="/",
                env={**bare, "WORKERS": "1", "WEB_WORKERS": "1", **env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return self._out.read_text()

    @property
    def error(self) -> str:
        return self._err.read_text()

    def until_said_anything(self) -> None:
        """Wait for its first line: from then on it minds signals."""
        until = time.monotonic() + READY_SECONDS
        while not self.output and time.monotonic() < until:
            time.sleep(0.02)

    def until_ready(self) -> "Demo":
        """Wait for the last line that it prints before it may be used."""
        until = time.monotonic() + READY_SECONDS
        while "These secrets are for the demo only" not in self.output:
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise AssertionError(f"not ready: {self.output}{self.error}")
            time.sleep(0.05)
        return self

    def ask(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, seconds: float = STOP_SECONDS) -> tuple[int, str]:
        """Wait until it has ended; returns exit code and standard error."""
        try:
            return self.process.wait(seconds), self.error
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Clear up after a failed test: everything that belongs to this demo."""
        self.process.kill()
        for process in self.everything():
            process.kill()

    def everything(self) -> list[psutil.Process]:
        """Every living process of this demo, wherever it hangs in the process tree."""
        folder = str(self.data_dir)
        return [p for p in psutil.process_iter() if p.pid != os.getpid() and _belongs(p, folder)]

    def part(self, words: str) -> psutil.Process:
        """The uppermost process whose command line has `words`."""
        found = [p for p in self.everything() if words in " ".join(p.cmdline())]
        pids = {p.pid for p in found}
        (top,) = [p for p in found if p.ppid() not in pids]
        return top


def _belongs(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        in_command = any(folder in word for word in process.cmdline())
        return in_command or process.environ().get("PVIDEO_DATA_DIR") == folder
    except psutil.Error:
        return False
