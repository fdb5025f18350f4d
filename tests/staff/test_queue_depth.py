"""How many of the queue's tasks wait, with either broker: PostgreSQL's table, or Redis."""

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from staff.dashboard_queues import Queue, queues

KEY = "django_q:pvideo:q"


class FakeRedis(socketserver.ThreadingTCPServer):
    """What a Redis server says to LLEN; to all else that it is content."""

    allow_reuse_address = daemon_threads = True
    lists: dict[str, int]


class Answers(socketserver.StreamRequestHandler):
    server: FakeRedis

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2].decode())
            if words[0].upper() == "LLEN":
                self.wfile.write(b":%d\r\n" % self.server.lists.get(words[1], 0))
            elif words[0].upper() == "HELLO":
                self.wfile.write(b"%1\r\n+proto\r\n:3\r\n")
            else:
                self.wfile.write(b"+OK\r\n")


@pytest.fixture
def in_redis(settings: Any) -> Iterator[FakeRedis]:
    with FakeRedis(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.lists = {KEY: 7, "django_q:other:q": 99}
        url = f"redis://127.0.0.1:{server.server_address[1]}/0"
        settings.Q_CLUSTER = {**settings.Q_CLUSTER, "redis": url}
        yield server
        server.shutdown()


def tasks() -> Queue:
    (found,) = (queue for queue in queues() if queue.name == "tasks")
    return found


def test_in_the_database(db: None) -> None:
    for minutes in (1, 60):
        since = timezone.now() - timedelta(minutes=minutes)
        OrmQ.objects.create(key="pvideo", payload="x", lock=since)
    found = tasks()
    assert (found.due, found.is_stuck) == (2, True)
    assert found.late >= timedelta(minutes=59)


def test_in_redis(in_redis: FakeRedis, as_root: Client) -> None:
    OrmQ.objects.create(key="pvideo", payload="x", lock=timezone.now() - timedelta(days=1))
    found = tasks()
    assert (found.due, found.oldest, found.is_stuck) == (7, None, False), "not the table's"
    page = as_root.get("/admin/").content.decode()
    row = page[page.index("Tasks of the queue") :][:400]
    assert "7" in row
    assert "not known" in row


def test_redis_that_is_gone_breaks_no_page(settings: Any, as_root: Client) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "redis": "redis://127.0.0.1:1/0"}
    assert tasks().due is None
    page = as_root.get("/admin/")
    assert page.status_code == 200
    assert "Redis does not answer" in page.content.decode()
