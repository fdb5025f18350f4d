"""`manage.py demo`: the whole platform on this machine, from one command."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

try:
    from pvideo_platform.demo import options as demo_options
    from pvideo_platform.demo import walkthrough
    from pvideo_platform.demo.failure import DemoFailure
    from pvideo_platform.demo.supervisor import Supervisor
except ModuleNotFoundError as missing:
    raise CommandError(f"The demo needs the dependency group `demo`: uv sync ({missing})") from None


class Command(BaseCommand):
    help = "Start PostgreSQL, the sandbox, a worker and the web server, with demo data."
    requires_system_checks = []  # the parts have settings of their own, and check them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port",
            type=int,
            default=demo_options.DEFAULT_PORT,
            help="the web server's port (default: %(default)s); the sandbox takes the next one",
        )
        parser.add_argument(
            "--data-dir",
            type=Path,
            help="where everything is kept (default: PVIDEO_DATA_DIR, or "
            f"{demo_options.DEFAULT_DATA_DIR})",
        )
        parser.add_argument(
            "--credentials",
            type=Path,
            metavar="FILE",
            help="write addresses, logins and API key to FILE as JSON, before it says Ready",
        )
        parser.add_argument(
            "--walkthrough",
            action="store_true",
            help="buy credits, play ten jobs, have a purchase refunded; check every figure, stop, "
            "exit 0 or 1",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = demo_options.from_command_line(
            port=options["port"],
            data_dir=options["data_dir"],
            credentials=options["credentials"],
            walkthrough=options["walkthrough"],
        )
        try:
            supervisor = Supervisor(wanted, self.stdout)
            code = supervisor.run(walkthrough.play if wanted.walkthrough else None)
        except DemoFailure as failure:
            raise CommandError(str(failure)) from failure
        if code:
            sys.exit(code)
