"""Starts the parts, watches them, and stops them all, however it ends.

Single-threaded: whatever waits does so through `tick`, which is where a dead part or a wish to
stop is noticed.
"""

import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Protocol

from pvideo_platform.demo import credentials, database, heartbeat, parts, preflight, processes
from pvideo_platform.demo.credentials import Credentials
from pvideo_platform.demo.failure import DemoFailure, StopRequested
from pvideo_platform.demo.options import Options
from pvideo_platform.demo.parts import Part

READY_SECONDS = 60.0
TICK_SECONDS = 0.1
# Together with the database's own below the ten seconds that a stop may take.
GRACE_SECONDS = 4.0
SANDBOX_GRACE_SECONDS = 1.0


class Stream(Protocol):
    """Where the progress goes: standard output, or a test's buffer."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


Visitor = Callable[["Supervisor", Credentials], int]
"""What to do once everything answers, instead of waiting: returns the exit code."""


class Supervisor:
    def __init__(self, options: Options, out: Stream) -> None:
        self.options = options
        self._out = out
        self._token = secrets.token_hex(8)
        self._stop_asked = False
        self._uv = processes.started_by_uv()
        self._database: database.EmbeddedDatabase | None = None
        self._running: list[Part] = []
        self._finished: list[Part] = []
        self._env: dict[str, str] = {}

    def run(self, visit: Visitor | None = None) -> int:
        """Start everything, then wait to be stopped, or `visit`.

        Returns:
            The exit code. Nothing that was started runs any more.

        Raises:
            DemoFailure: it could not be started, or a part died; nothing is left running.
        """
        with preflight.owned(self.options), self._signals():
            processes.become_subreaper()
            try:
                ready = self._start()
                if visit is not None:
                    return visit(self, ready)
                while True:
                    self.tick()
            except (StopRequested, DemoFailure):
                if not self._stop_asked:
                    raise
                # What a Ctrl-C broke is no failure; but an interrupted visit has shown nothing.
                return 0 if visit is None else 1
            finally:
                self._stop()

    # --- while it runs --------------------------------------------------------------------

    def say(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def tick(self, seconds: float = TICK_SECONDS) -> None:
        """Wait a moment.

        Raises:
            StopRequested: somebody asked us to stop.
            DemoFailure: a part has died.
        """
        time.sleep(seconds)
        self._reap()
        if self._uv is not None and os.getppid() != self._uv:
            self._stop_asked = True  # `uv run` was killed: nobody could stop us any more
        if self._stop_asked:
            raise StopRequested
        if self._database is not None:
            self._database.check()
        for part in self._running:
            part.check()

    def run_once(self, part: Part, *, seconds: float) -> int:
        """Run a part that ends by itself; returns its exit code.

        Raises:
            DemoFailure: it takes longer than `seconds`; or as `tick`.
        """
        self._finished.append(part)  # not watched: it is supposed to end
        part.start(self._env)
        while part.running:
            self.tick()
            if part.seconds > seconds:
                raise part.failure(f"was not done after {seconds:.0f} seconds")
        assert part.process is not None
        return part.process.returncode

    # --- start ----------------------------------------------------------------------------

    def _start(self) -> Credentials:
        began = time.monotonic()
        options = self.options
        self.say(f"PVideo demo. Data and logs: {options.data_dir}")
        sandbox = parts.sandbox(options)
        waiting = [parts.worker(options, self._token), parts.web(options)]
        if options.real_provider:
            self.say("  PIXAZO_API_KEY is set: the real provider is used, videos cost money.")
        else:
            self._env = options.environment("")  # it knows no database
            self._launch(sandbox)
            waiting.insert(0, sandbox)
        self._env = options.environment(self._start_database())
        self._prepare()
        for part in waiting:
            if part is not sandbox:
                self._launch(part)
        self._await(waiting)
        return self._announce(time.monotonic() - began)

    def _start_database(self) -> str:
        began = time.monotonic()
        if self.options.database_url:
            self.say("  DATABASE_URL is set: that database is used.")
            return self.options.database_url
        self._database = database.EmbeddedDatabase(self.options.data_dir)
        url = self._database.start()
        self._progress(database.NAME, time.monotonic() - began)
        self.tick(0)
        return url

    def _prepare(self) -> None:
        sign = heartbeat.file(self.options.data_dir, self._token)
        shutil.rmtree(sign.parent, ignore_errors=True)
        sign.parent.mkdir()
        part = parts.preparation(self.options, self._token)
        if self.run_once(part, seconds=READY_SECONDS) != 0:
            part.check()
        self._progress("migrations and demo data", part.seconds)

    def _launch(self, part: Part) -> None:
        part.start(self._env)
        self._running.append(part)

    def _await(self, waiting: list[Part]) -> None:
        while waiting:
            for part in list(waiting):
                if part.answers():
                    self._progress(part.name, part.seconds)
                    waiting.remove(part)
                elif part.seconds > READY_SECONDS:
                    raise part.failure(f"does not answer after {READY_SECONDS:.0f} seconds")
            self.tick()

    def _progress(self, name: str, seconds: float) -> None:
        self.say(f"  {name:<26} ready after {seconds:4.1f} s")

    def _announce(self, seconds: float) -> Credentials:
        options = self.options
        made = credentials.load_or_make(options.data_dir)
        if options.credentials:
            credentials.export(
                options.credentials,
                made,
                base_url=options.base_url,
                sandbox_url=options.sandbox_url,
            )
        lines = [
            f"Ready: {options.base_url}",
            f"  after      {seconds:.1f} s",
            f"  customer   {credentials.CUSTOMER_EMAIL}  password {made.customer_password}",
            f"  staff      {credentials.STAFF_EMAIL}  password {made.staff_password}"
            f"  at {options.base_url}/admin/",
            f"  API key    {made.api_key}",
        ]
        if options.mail_url:
            lines.append(f"  mail       {options.mail_url} (what would have been sent)")
        if options.sandbox_url:
            lines.append(
                f"  sandbox    {options.sandbox_url} (stands in for the provider and for Stripe)"
            )
        self.say("\n".join([*lines, "Stop it with Ctrl-C. These secrets are for the demo only."]))
        return made

    # --- stop -----------------------------------------------------------------------------

    def _stop(self) -> None:
        """End everything that was started, within ten seconds, whatever state it is in."""
        began = time.monotonic()
        self._say_if_anyone_listens("Stopping ...")
        sandbox = [part for part in self._running if part.name == "sandbox"]
        others = [part for part in [*self._running, *self._finished] if part not in sandbox]
        # The sandbox last: what the workers have begun, they can finish.
        self._terminate(others, GRACE_SECONDS)
        self._terminate(sandbox, SANDBOX_GRACE_SECONDS)
        server = self._database.pid if self._database else None
        processes.kill(processes.descendants(except_below=server))
        if self._database is not None:
            self._database.stop(self._reap)
        self._kill_the_rest()
        self._say_if_anyone_listens(f"Stopped after {time.monotonic() - began:.1f} s.")

    def _terminate(self, ending: list[Part], seconds: float) -> None:
        for part in ending:
            part.terminate()
        processes.wait_while(lambda: any(part.running for part in ending), seconds=seconds)

    def _kill_the_rest(self) -> None:
        def any_left() -> bool:
            processes.kill(processes.descendants())
            self._reap()
            return bool(processes.descendants())

        processes.wait_while(any_left, seconds=0.5)

    def _reap(self) -> None:
        every = (part.process for part in [*self._running, *self._finished])
        processes.reap_orphans([process for process in every if process is not None])

    def _say_if_anyone_listens(self, text: str) -> None:
        with suppress(OSError, ValueError):  # the terminal may be gone; stopping matters more
            self.say(text)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn each signal that asks us to end into a wish: a second one changes nothing."""

        def note(number: int, frame: FrameType | None) -> None:
            self._stop_asked = True

        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, note) for number in caught}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
