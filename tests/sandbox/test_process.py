"""The process: start, end, a port in use, and how much it can take."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.sandbox import process
from tests.sandbox.gateway import Gateway


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_open_requests_and_renders(tmp_path: Path, number: int) -> None:
    running, base_url = process.start("--port", "0", "--data-dir", str(tmp_path / "data"))
    gateway = Gateway(base_url)
    gateway.settings(queued_seconds=0, processing_seconds=0)
    for index in range(6):
        gateway.accepted(f"Long {index}", duration=10, fps=48, resolution="1080p")
    slow = gateway.accepted("sandbox:status-slow=60 sandbox:stuck")
    answers: list[int] = []

    def ask(method: str, path: str, prompt: str) -> None:
        with httpx2.Client(
            base_url=base_url, timeout=30, headers=gateway.http.headers, verify=False
        ) as client:
            body = {"prompt": prompt} if method == "POST" else None
            answers.append(client.request(method, path, json=body).status_code)

    open_requests = [
        threading.Thread(target=ask, args=arguments)
        for arguments in (
            ("POST", "/p-video/v1/p-video/generate", "sandbox:timeout"),
            ("GET", f"/v2/requests/status/{slow}", ""),
        )
    ]
    for thread in open_requests:
        thread.start()
    # A client that never finishes its request.
    with socket.create_connection(("127.0.0.1", int(base_url.rsplit(":", 1)[1]))) as half:
        half.sendall(b"POST /p-video/v1/p-video/generate HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
        time.sleep(0.3)
        seconds, complaints = process.stop(running, number)
    for thread in open_requests:
        thread.join(timeout=5)
    assert running.returncode == 0, complaints
    assert seconds < 2
    assert sorted(answers) == [200, 202]
    assert "Traceback" not in complaints
    assert not list((tmp_path / "data").rglob("*.part"))


def test_a_port_in_use(gateway: Gateway) -> None:
    port = gateway.base_url.rsplit(":", 1)[1]
    again = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", port],
        cwd=process.ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert again.returncode == 1
    assert again.stdout == ""
    assert again.stderr.startswith(f"Sandbox: cannot listen on 127.0.0.1 port {port}: ")
    assert again.stderr.count("\n") == 1


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    again = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", "--data-dir", str(tmp_path / "file/x")],
        cwd=process.ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert again.returncode == 1
    assert again.stderr.startswith("Sandbox: cannot write into ")


def test_files_survive_a_restart(tmp_path: Path) -> None:
    url = ""
    for _ in range(2):
        running, base_url = process.start("--port", "0", "--data-dir", str(tmp_path))
        gateway = Gateway(base_url)
        gateway.settings(queued_seconds=0, processing_seconds=0)
        if not url:
            media = gateway.ended(gateway.accepted(duration=1))["output"]["media_url"][0]
            url = media.removeprefix(base_url)
        assert gateway.http.get(url).status_code == 200
        process.stop(running)


def test_submissions_at_once_are_counted(gateway: Gateway) -> None:
    gateway.settings(submit_latency_seconds=0.3)
    prompts = [f"Number {number}" for number in range(160)]
    began = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        ids = list(pool.map(gateway.accepted, prompts))
    assert time.monotonic() - began < 10
    assert len(set(ids)) == 160
    answer = gateway.http.get("/_sandbox/submissions").json()
    assert (answer["count"], answer["in_flight_max"]) == (160, 40)
    assert all(gateway.ended(one)["status"] == "COMPLETED" for one in ids)
