"""Migrations, demo data, and a task that shows whether the workers work.

    python -m pvideo_platform.demo.prepare DATA_DIR TOKEN

A process of its own, because it needs the settings of the demo's parts.
"""

import sys
from pathlib import Path

import django
from django.core.management import call_command


def main(data_dir: Path, token: str) -> None:
    django.setup()
    from django_q.tasks import async_task

    from pvideo_platform.demo import heartbeat, seed  # models: only after the set-up

    call_command("migrate", interactive=False, skip_checks=False)
    seed.seed(data_dir)
    async_task(heartbeat.TASK, str(heartbeat.file(data_dir, token)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
