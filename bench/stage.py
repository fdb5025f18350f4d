"""The platform as real processes on a temporary folder, for the benches.

The demo's own parts (PostgreSQL with its default settings, fsync on; gunicorn with the project's
configuration; one qcluster; the sandbox), started as the demo starts them, on free ports. All of
it is stopped and deleted at the end, also after Ctrl-C, SIGTERM or a failure.
"""

import os
import platform
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from uuid import UUID

from pvideo_platform.demo import credentials, database, parts, preflight, processes
from pvideo_platform.demo.options import Options
from pvideo_platform.demo.parts import Part

READY_SECONDS = 60.0
GRACE_SECONDS = 8.0
NO_LIMITS = {
    **dict.fromkeys(
        ("RATE_LIMIT_KEY", "RATE_LIMIT_GENERATIONS", "RATE_LIMIT_ORGANIZATION"), "1000000"
    ),
    "GENERATIONS_AT_ONCE": "100000",
}
"""Far above what a bench asks for; they are looked at all the same, and cost what they cost."""
TOKEN = "bench"  # of the heartbeat by which a worker shows that it works


@dataclass
class Stage:
    """What runs. `env` is the parts' environment; this process has the same settings."""

    options: Options
    api_key: str
    env: dict[str, str]
    database_pid: int
    running: list[Part] = field(default_factory=list)

    def start(self, *wanted: Part, **settings: str) -> None:
        """Start parts, and wait until each answers. Raises: DemoFailure.

        Args:
            settings: environment variables for these parts, over the stage's own.
        """
        for part in wanted:
            part.start(self.env | settings)
            self.running.append(part)
        for part in wanted:
            self.wait(part, part.answers)

    def wait(self, part: Part, condition: Callable[[], bool]) -> None:
        """Wait for something that a part does. Raises: DemoFailure, when it dies or hangs."""
        while not processes.wait_while(lambda: not condition(), seconds=0.2):
            part.check()
            if part.seconds > READY_SECONDS:
                raise part.failure(f"does not answer after {READY_SECONDS:.0f} seconds")

    def root_pids(self) -> dict[str, int]:
        """The process at the top of each part, by the part's name."""
        started = {part.name: part.process.pid for part in self.running if part.process}
        return {database.NAME: self.database_pid, **started}


@contextmanager
def platform_on_stage(**settings: str) -> Iterator[Stage]:
    """An empty platform: database, migrations and the demo's customer; start the rest yourself.

    Args:
        settings: environment variables for every part.
    """
    with _interruptible(), _folder() as data_dir:
        options = Options(port=_free_port(), data_dir=data_dir)
        os.environ |= {"XDG_RUNTIME_DIR": str(data_dir), "LOG_LEVEL": "WARNING"}
        os.environ |= {**NO_LIMITS, **settings}
        for name in ("PIXAZO_API_KEY", "REDIS_URL"):
            os.environ.pop(name, None)
        processes.become_subreaper()
        server = database.EmbeddedDatabase(data_dir)
        running: list[Part] = []
        try:
            with preflight.owned(options):
                env = options.environment(server.start())
                _prepare(options, env)
                assert server.pid is not None
                key = credentials.load_or_make(data_dir).api_key
                yield Stage(options, key, env, server.pid, running)
        finally:
            _stop(running, server)


def _prepare(options: Options, env: dict[str, str]) -> None:
    """Migrations and the demo's data in a process of its own; then the settings for this one."""
    (options.data_dir / "run").mkdir()
    part = parts.preparation(options, TOKEN)
    part.start(env)
    if not processes.wait_while(lambda: part.running, seconds=READY_SECONDS):
        raise part.failure(f"was not done after {READY_SECONDS:.0f} seconds")
    assert part.process is not None
    if part.process.returncode != 0:
        raise part.failure("failed")
    os.environ.clear()
    os.environ.update(env)
    import django

    django.setup()


def _stop(running: list[Part], server: database.EmbeddedDatabase) -> None:
    from django.conf import settings
    from django.db import connections

    if settings.configured:
        connections.close_all()
    for part in running:
        part.terminate()
    processes.wait_while(lambda: any(part.running for part in running), seconds=GRACE_SECONDS)
    processes.kill(processes.descendants(except_below=server.pid))
    own = [part.process for part in running if part.process is not None]
    server.stop(lambda: processes.reap_orphans(own))
    processes.kill(processes.descendants())


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pvideo-bench-"))
    folder.chmod(0o755)  # the database's user has to pass
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends a bench as Ctrl-C does: through its `finally` clauses."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _free_port() -> int:
    """A free port whose successor, the sandbox's, is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as next_one, suppress(OSError, OverflowError):
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            next_one.bind(("127.0.0.1", port + 1))
            return port


def give_credits(dollars: int) -> None:
    """Credits for the demo's customer, by a ledger entry."""
    from billing import ledger
    from billing.models import Account, EntryKind

    ledger.credit(
        organization_id=organization_id(),
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=dollars * 1_000_000,
        reference="bench",
        reason="bench",
    )


def organization_id() -> UUID:
    from accounts.models import Organization

    return Organization.objects.get(name=credentials.ORGANIZATION).pk


def books_problems() -> list[str]:
    """What `manage.py audit_books` would find."""
    from billing import reconciliation
    from generations import books

    with reconciliation.snapshot():
        return [str(one) for one in [*reconciliation.check().problems, *books.check()]]


def heading() -> str:
    """When and where: the first lines of every report."""
    from django.db import connection

    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    chip = model[1] if model else platform.processor()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
        version, fsync = cursor.fetchone()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {chip}, {os.cpu_count()} cores (load {load}),\n"
        f"Python {platform.python_version()}, PostgreSQL {version}, fsync {fsync}"
    )


def say(text: str) -> None:
    """Progress, apart from the report."""
    print(text, file=sys.stderr, flush=True)
