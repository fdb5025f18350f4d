"""Starting and stopping `python -m sandbox` as a real process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start a sandbox and return its process and, once it listens, its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("Sandbox ready: "):
        raise AssertionError(f"not ready: {line}{process.communicate(timeout=10)}")
    return process, line.removeprefix("Sandbox ready: ").strip()


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[float, str]:
    """Send the signal; return the seconds until the end and what was written to standard error."""
    began = time.monotonic()
    process.send_signal(number)
    _, complaints = process.communicate(timeout=10)
    return time.monotonic() - began, complaints
