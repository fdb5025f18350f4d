"""The demo as a whole: it starts, answers, finds its data again, stops, and leaves nothing."""

import json
import signal
import stat
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from pvideo_platform.demo import wire
from tests.startup.conftest import Start
from tests.startup.demo_process import STOP_SECONDS, Demo

pytestmark = pytest.mark.slow


def wallet(credentials: dict[str, Any]) -> dict[str, Any]:
    answer = wire.request(
        "GET",
        f"{credentials['base_url']}/api/v1/wallet",
        headers={"Authorization": f"Bearer {credentials['customer']['api_key']}"},
    )
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json()
    return found


def assert_stops(demo: Demo, *numbers: signal.Signals) -> None:
    """It ends by `numbers` within the promised time, with everything that it ever started."""
    family = [*demo.everything(), *psutil.Process(demo.process.pid).children(recursive=True)]
    assert len(family) > 8  # demo, PostgreSQL, sandbox, cluster, web server, and their children
    began = time.monotonic()
    for number in numbers:
        demo.ask(number)
        time.sleep(0.3)
    code, error = demo.end()
    assert (code, error) == (0, "")
    assert time.monotonic() - began < STOP_SECONDS
    assert not [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert not demo.everything()


def test_a_first_start_answers_everywhere_and_sigterm_stops_all(
    start: Start, own_data_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "credentials.json"
    demo = start("--credentials", str(file), folder=own_data_dir).until_ready()
    written = json.loads(file.read_text())
    assert f"Ready: {demo.base_url}\n" in demo.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((demo.data_dir / "credentials.json").stat().st_mode) == 0o600
    assert written["base_url"] == demo.base_url
    assert written["sandbox_url"] == f"http://127.0.0.1:{demo.port + 1}"
    assert set(written["customer"]) == {"email", "password", "organization", "api_key"}
    assert set(written["staff"]) == {"email", "password"}
    for person in ("customer", "staff"):
        assert written[person]["email"] in demo.output
        assert written[person]["password"] in demo.output
    assert written["customer"]["api_key"] in demo.output
    assert wire.status_of(f"{demo.base_url}/healthz") == 200
    assert wire.status_of(written["sandbox_url"]) is not None
    assert wallet(written)["balance"] == "50.000000"

    second = start(folder=own_data_dir)
    code, error = second.end()
    assert code == 1
    assert "already running on the data folder" in error
    assert demo.process.poll() is None

    assert_stops(demo, signal.SIGTERM)


def test_after_kills_the_next_start_finds_the_same_data(start: Start, tmp_path: Path) -> None:
    files = [tmp_path / "first.json", tmp_path / "second.json"]
    killed = start("--credentials", str(files[0])).until_ready()
    children = [killed.part(words) for words in ("-m sandbox", "manage.py qcluster", "-m gunicorn")]
    killed.ask(signal.SIGKILL)
    killed.process.wait(5)
    _, alive = psutil.wait_procs(children, timeout=STOP_SECONDS)
    assert not alive

    demo = start("--credentials", str(files[1]), port=killed.port).until_ready()
    first, second = (json.loads(file.read_text()) for file in files)
    assert first == second
    assert Decimal(wallet(second)["balance"]) == 50  # the credits were given once

    assert_ends_with(demo, "postgres -D", "PostgreSQL")
    assert (demo.data_dir / "postgres" / "postmaster.pid").exists()  # left behind
    assert_ends_with(start().until_ready(), "manage.py qcluster", "worker")


def assert_ends_with(demo: Demo, words: str, name: str) -> None:
    """A part that dies ends the demo."""
    demo.part(words).kill()
    code, error = demo.end(STOP_SECONDS + 2)
    assert code == 1
    assert f"The {name} ended by itself (killed by SIGKILL)" in error or (
        f"{name} has stopped by itself" in error
    )
    assert "ends with:" in error
    assert not demo.everything()


def test_a_part_that_cannot_start_ends_the_demo_with_its_last_words(
    start: Start, own_data_dir: Path
) -> None:
    (own_data_dir / "sandbox").touch()  # where the sandbox wants a folder
    demo = start(folder=own_data_dir)
    code, error = demo.end(30)
    assert code == 1
    assert "The sandbox ended by itself (exit code" in error
    assert f"cannot write into {own_data_dir / 'sandbox'}" in error
    assert "Ready" not in demo.output
    assert not demo.everything()


def test_it_can_be_stopped_while_it_starts(start: Start) -> None:
    demo = start()
    demo.until_said_anything()
    demo.ask(signal.SIGTERM)
    code, error = demo.end()
    assert (code, error) == (0, "")
    assert not demo.everything()


def test_a_database_that_cannot_start_ends_the_demo_with_its_last_words(
    start: Start, own_data_dir: Path
) -> None:
    (own_data_dir / "postgres").mkdir()
    (own_data_dir / "postgres" / "PG_VERSION").write_text("18\n")  # and nothing else
    demo = start(folder=own_data_dir)
    code, error = demo.end(20)
    assert code == 1
    assert error.startswith("CommandError: PostgreSQL did not start on")
    assert 'postgresql.conf": No such file or directory' in error
    assert not demo.everything()
