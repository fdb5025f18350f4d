"""The demo's processes: how each is started, and how one sees that it answers."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pvideo_platform.demo import heartbeat, processes, wire
from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.options import PROJECT, Options


@dataclass
class Part:
    """One process of ours, and the log that it writes."""

    name: str
    command: list[str]
    log: Path
    answers: Callable[[], bool] = lambda: True
    started_at: float = 0.0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self, env: dict[str, str]) -> None:
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        self.started_at = time.monotonic()
        try:
            self.process = processes.spawn(self.command, env=env, cwd=PROJECT, log=self.log)
        except OSError as error:
            raise DemoFailure(f"The {self.name} cannot be started: {error}") from error

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started_at

    def terminate(self) -> None:
        """Ask it to end: itself only, never its group (that can hang django-q2's cluster)."""
        if self.process is not None and self.running:
            processes.send(self.process.pid, signal.SIGTERM)

    def failure(self, what: str) -> DemoFailure:
        return DemoFailure(
            f"The {self.name} {what}. Its log, {self.log}, ends with:\n{processes.tail(self.log)}"
        )

    def check(self) -> None:
        """Raises: DemoFailure when it has ended although nobody asked it to."""
        if self.process is not None and not self.running:
            raise self.failure(f"ended by itself ({_how(self.process.returncode)})")


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def sandbox(options: Options) -> Part:
    return Part(
        name="sandbox",
        command=_python(
            *("-m", "sandbox", "--port", str(options.port + 1)),
            *("--data-dir", str(options.data_dir / "sandbox")),
            *("--stripe-webhook-url", options.payment_events_url),
        ),
        log=options.logs / "sandbox.log",
        answers=lambda: wire.status_of(options.sandbox_url) is not None,
    )


def preparation(options: Options, token: str) -> Part:
    return Part(
        name="preparation (migrations and demo data)",
        command=_python("-m", "pvideo_platform.demo.prepare", str(options.data_dir), token),
        log=options.logs / "prepare.log",
    )


def worker(options: Options, token: str) -> Part:
    return Part(
        name="worker",
        command=_python("manage.py", "qcluster"),
        log=options.logs / "worker.log",
        answers=heartbeat.file(options.data_dir, token).exists,
    )


def web(options: Options) -> Part:
    return Part(
        name="web server",
        command=_python(
            *("-m", "gunicorn", "--config", "python:pvideo_platform.gunicorn_conf"),
            *("--bind", f"127.0.0.1:{options.port}", "--graceful-timeout", "3"),
        ),
        log=options.logs / "web.log",
        answers=lambda: wire.status_of(f"{options.base_url}/healthz") == 200,
    )


def audit(options: Options) -> Part:
    return Part(
        name="audit of the books",
        command=_python("manage.py", "audit_books"),
        log=options.logs / "audit_books.log",
    )


def reconciliation(options: Options, *, since: datetime) -> Part:
    """Args: since: when the sandbox was empty; it forgets its payments when it ends."""
    return Part(
        name="reconciliation of the payments",
        command=_python("manage.py", "reconcile_payments", "--since", since.isoformat()),
        log=options.logs / "reconcile_payments.log",
    )
