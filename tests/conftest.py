"""The people of every test (Alice owns, Bob is a member, Charlie is a stranger), the real
PostgreSQL, the real sandbox, and the check of the books."""

import os
import subprocess
import sys
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings as django_settings
from django.core.management.commands import flush as flush_command
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations

from accounts import access, api_keys, organizations
from accounts.models import Membership, Organization, Role, User
from billing import ledger, payment_books, reconciliation
from billing.models import Account, EntryKind
from generations import books
from tests import clusters

PROJECT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the modules with slow tests out to the processes, to be the first of each one's share.

    The last ones would be left to one process while the others have nothing more to do.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow: dict[Path, list[pytest.Item]] = {
        item.path: []
        for item in items
        if {"slow", "browser"} & {m.name for m in item.iter_markers()}
    }
    quick = deque(item for item in items if item.path not in slow)
    for item in items:
        slow.get(item.path, []).append(item)
    dealt: list[pytest.Item] = []
    for number in range(processes):
        for path in sorted(slow)[number::processes]:
            dealt += slow[path]
        share = len(items) * (number + 1) // processes - len(dealt)
        dealt += [quick.popleft() for _ in range(min(share, len(quick)))]
    items[:] = [*dealt, *quick]


@pytest.fixture(scope="session")
def migrated_cluster(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, django_db_blocker: Any
) -> Path:
    """A stopped PostgreSQL's folder with the whole schema, for copies (`clusters.copy`)."""
    own = tmp_path_factory.getbasetemp()
    with django_db_blocker.unblock():
        return clusters.migrated(
            own if worker_id == "master" else own.parent, Path(connection.settings_dict["DATA_DIR"])
        )


@pytest.fixture(scope="session")
def django_db_setup(migrated_cluster: Path, django_db_blocker: Any) -> None:
    """The tests work on the database itself: it is this process's own, and gone with it."""
    own = Path(connection.settings_dict["DATA_DIR"])
    if not own.exists():
        clusters.copy(migrated_cluster, own)
    with django_db_blocker.unblock():
        _keep_what_migrating_left()  # from here on the host is known, to child processes too
        connection.close()


@pytest.fixture(scope="session", autouse=True)
def _answer_at_once() -> Iterator[None]:
    """The live server writes line by line: each answer would wait 40 ms for an acknowledgement."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)
        yield


_MIGRATED = "migrated"
"""A schema with copies of the tables that migrating left rows in."""


def _keep_what_migrating_left() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {_MIGRATED}")
        for name in _filled(connection.introspection.django_table_names(only_existing=True)):
            cursor.execute(f"CREATE TABLE {_MIGRATED}.{name} AS TABLE {name}")


def _filled(tables: Iterable[str]) -> list[str]:
    # What migrating leaves there stays, and need not be made again after each test.
    kept = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
    asked = [
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables if name not in kept
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_guards() -> Iterator[None]:
    """TRUNCATE of the ledger is refused; between tests of committed rows it has to be done."""

    def flush(self: Any, sql_list: Iterable[str]) -> None:
        """Back to what migrating left.

        Deletes the rows there are: a TRUNCATE of every table takes a quarter of a second.
        """
        tables = connection.introspection.django_table_names(only_existing=True)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name in _filled(tables):
                cursor.execute(f"DELETE FROM {name}")
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [_MIGRATED])
            for (name,) in cursor.fetchall():
                cursor.execute(f"INSERT INTO {name} TABLE {_MIGRATED}.{name}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush)
        patch.setattr(flush_command, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


# --- People ---------------------------------------------------------------------------------


@pytest.fixture
def alice(db: None) -> User:
    """Owns Acme."""
    return User.objects.create_user("alice@example.com", "alice-password", name="Alice")


@pytest.fixture
def acme(alice: User) -> Organization:
    return organizations.found(alice, name="Acme")


@pytest.fixture
def bob(acme: Organization) -> User:
    """Is a member of Acme."""
    user = User.objects.create_user("bob@example.com", "bob-password", name="Bob")
    Membership.objects.create(organization=acme, user=user, role=Role.MEMBER)
    return user


@pytest.fixture
def charlie(db: None) -> User:
    """Is a stranger, with an organization of his own."""
    user = User.objects.create_user("charlie@example.com", "charlie-password", name="Charlie")
    organizations.found(user, name="Charlie's")
    return user


def caller_for(user: User) -> access.Caller:
    caller = access.member_caller(user, None)
    assert caller is not None
    return caller


@pytest.fixture
def give_credits() -> Callable[..., None]:
    def give(organization: Organization, dollars: int = 50) -> None:
        ledger.credit(
            organization_id=organization.pk,
            kind=EntryKind.ADJUSTMENT,
            account=Account.ADJUSTMENTS,
            amount_micros=dollars * 1_000_000,
            reference=f"test-{uuid.uuid4()}",
            reason="for a test",
        )

    return give


@pytest.fixture
def key(acme: Organization, alice: User) -> str:
    """The secret of an API key of Acme with all scopes."""
    return api_keys.create(acme, name="test", created_by=alice)[1]


# --- Books ----------------------------------------------------------------------------------


def assert_books_balance() -> None:
    problems = [*reconciliation.check().problems, *payment_books.check(), *books.check()]
    assert not problems, "\n".join(str(problem) for problem in problems)


@pytest.fixture
def books_balance(db: None) -> Iterator[None]:
    """Ends the test with a check of the books, while its database is still there."""
    yield
    assert_books_balance()


# --- Sandbox --------------------------------------------------------------------------------


class Sandbox:
    """The sandbox's control endpoint."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx2.Client(base_url=url, timeout=10, verify=False)

    def settings(self, **values: object) -> None:
        self._client.post("/_sandbox/settings", json=values).raise_for_status()

    def reset(self) -> None:
        self._client.post("/_sandbox/reset").raise_for_status()
        self.settings(queued_seconds=0.0, processing_seconds=0.05, shared_render=True)

    def submissions(self, prompt_contains: str = "") -> list[dict[str, object]]:
        answer = self._client.get(
            "/_sandbox/submissions", params={"prompt_contains": prompt_contains}
        )
        return list(answer.raise_for_status().json()["submissions"])

    def force(self, request_id: str, **values: object) -> None:
        self._client.post(f"/_sandbox/jobs/{request_id}", json=values).raise_for_status()


@pytest.fixture(scope="session")
def _sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    url = django_settings.SANDBOX_URL
    port = url.rpartition(":")[2]
    log = (tmp_path_factory.mktemp("sandbox") / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", port],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if "ready" not in line:
        log.seek(0)
        pytest.fail(f"the sandbox did not start: {line} {log.read()}")
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture
def sandbox(_sandbox_process: str) -> Iterator[Sandbox]:
    """A running sandbox, quick and without records of other tests.

    It is silenced at the end: the live server still serves when the next test runs.
    """
    control = Sandbox(_sandbox_process)
    control.reset()
    yield control
    control.reset()
