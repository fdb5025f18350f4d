"""How gunicorn serves the platform: `gunicorn --config python:pvideo_platform.gunicorn_conf`.

Two processes with threads: a request waits for the database, hardly ever for the processor, and
the live page keeps a thread each. docs/operations.md says how to size it.
"""

import os
from pathlib import Path

from django.db import connections
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

wsgi_app = "pvideo_platform.wsgi:application"
bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
worker_class = "pvideo_platform.gunicorn_worker.ProblemWorker"  # gthread's
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 60
graceful_timeout = int(os.environ.get("WEB_GRACEFUL_SECONDS", "20"))
keepalive = 5

# Loaded once, before the socket is opened: a start that the system checks refuse never listens,
# and the workers share the code's memory.
preload_app = True

# A worker is replaced now and then, so that whatever leaks stays small.
max_requests = 10_000
max_requests_jitter = 1_000

# The workers' heartbeat files: a slow disk must not look like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# No access log: the paths of callbacks and media links carry tokens. Log at the proxy, without
# them. No control socket: nothing here uses one.
accesslog = None
errorlog = "-"
control_socket_disable = True


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Two processes must not share a database connection opened while loading."""
    connections.close_all()
