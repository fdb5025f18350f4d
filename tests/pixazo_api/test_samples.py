"""The reference's own samples, run as they are: only the host and the key are replaced.

`samples/` has them to the letter; SHA256SUMS keeps anybody from making them easier.
"""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import playwright
import pytest

from tests.pixazo_api.conftest import Ours
from tests.pixazo_contract import MODELS

SAMPLES = Path(__file__).resolve().parent / "samples"
HOST = "https://gateway.pixazo.ai"
KEYS = ("YOUR_SUBSCRIPTION_KEY", "YOUR_API_KEY")
NODE = Path(playwright.__file__).parent / "driver" / "node"


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.txt").read_text()


def ready(name: str, ours: Ours) -> str:
    """A sample with our host and key in the place of Pixazo's; each is there."""
    text = sample(name)
    assert text.count(HOST) == 1
    assert sum(text.count(key) for key in KEYS) == 1
    for key in KEYS:
        text = text.replace(key, ours.key)
    return text.replace(HOST, ours.base_url)


def ran(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "NO_COLOR": "1", "no_proxy": "*", "NO_PROXY": "*"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_curl(text: str, folder: Path) -> Any:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    (folder / "sample.sh").write_text(text)
    return json.loads(ran("sh", "sample.sh", cwd=folder))


def by_python(text: str, folder: Path) -> Any:
    (folder / "sample.py").write_text(text)
    return ast.literal_eval(ran(sys.executable, "sample.py", cwd=folder))


def by_javascript(text: str, folder: Path) -> Any:
    """node prints an object, not JSON: the sample's last words are read back by node itself."""
    (folder / "sample.js").write_text(text)
    printed = ran(NODE, "sample.js", cwd=folder)
    return json.loads(ran(NODE, "-p", f"JSON.stringify({printed})", cwd=folder))


RUNNERS = {"curl": by_curl, "python": by_python, "javascript": by_javascript}


def shape(value: Any) -> Any:
    """The names and types of a body, all the way down."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def test_the_samples_are_the_reference_s() -> None:
    lines = (SAMPLES / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = {
        path.relative_to(SAMPLES).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in SAMPLES.rglob("*.txt")
    }
    assert found == sums
    assert len(found) == 24


@pytest.mark.parametrize("model", MODELS)
def test_each_sample_starts_a_video(ours: Ours, tmp_path: Path, model: str) -> None:
    for language, run in RUNNERS.items():
        body = run(ready(f"{model}/generate.{language}", ours), tmp_path)
        expected = json.loads(sample(f"{model}/accepted.json"))
        assert list(body) == list(expected)
        assert body["status"] == "QUEUED"
        assert body["request_id"].startswith(f"{model}_")
        assert body["polling_url"] == f"{ours.base_url}/v2/requests/status/{body['request_id']}"
        assert ours.status(body["request_id"])["status"] == "QUEUED"


@pytest.mark.parametrize("model", MODELS)
def test_the_raw_request_starts_a_video(ours: Ours, model: str) -> None:
    head, _, body = ready(f"{model}/generate.http", ours).partition("\n\n")
    request, *headers = head.splitlines()
    method, url, *_ = request.split(" ")
    answer = httpx2.request(
        method, url, content=body, headers=dict(line.split(": ", 1) for line in headers)
    )
    assert answer.status_code == 202


@pytest.mark.parametrize("model", MODELS)
def test_the_status_sample_gets_the_reference_s_body(
    ours: Ours, tmp_path: Path, model: str
) -> None:
    """The typical workflow to its end: generate, keep the id, poll, download."""
    submitted = by_python(ready(f"{model}/generate.python", ours), tmp_path)
    request_id = submitted["request_id"]
    ours.ended(request_id)
    text = ready(f"{model}/status.curl", ours)
    asked_for = text.rpartition("/")[2].rstrip('"\n')
    body = by_curl(text.replace(asked_for, request_id), tmp_path)
    expected = json.loads(sample(f"{model}/completed.json"))
    assert list(body) == list(expected)
    assert shape(body) == shape(expected)
    assert (body["status"], body["model_id"]) == ("COMPLETED", model)
    assert body["output"]["media_type"] == expected["output"]["media_type"]
    for name in ("created_at", "updated_at", "completed_at"):
        assert len(body[name]) == len(expected[name])
        assert body[name].endswith("Z")
    assert httpx2.get(body["output"]["media_url"][0]).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_the_full_example_is_valid(ours: Ours, model: str) -> None:
    """Only `no_op` is added: the example's files are on a host that does not exist."""
    example = json.loads(sample(f"{model}/request.json"))
    answer = ours.submit({**example, "no_op": True}, model=model)
    assert answer.status_code == 202
    assert ours.status(answer.json()["request_id"])["status"] == "COMPLETED"


def test_node_is_there() -> None:
    assert NODE.is_file()
