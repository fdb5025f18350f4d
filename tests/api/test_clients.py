"""Clients generated from the description, used against a real server over HTTP."""

import base64
import importlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from accounts.models import ApiKey
from generations.models import Generation, State
from pvideo_platform import openapi, openapi_javascript
from tests.conftest import Sandbox, assert_books_balance
from tests.generations.conftest import Api, work_until_done

GENERATOR = "openapi_python_client.cli"


@pytest.fixture(scope="session")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a package, generated as a customer would."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "schema.json"
    document.write_text(json.dumps(openapi.document()))
    (folder / "config.yml").write_text("post_hooks: []")
    name = "pvideo_client"
    done = subprocess.run(
        [
            sys.executable, "-c", f"from {GENERATOR} import app; app()", "generate",
            "--path", document, "--output-path", folder / name, "--meta", "none",
            "--config", folder / "config.yml", "--fail-on-warning",
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield name
    sys.path.remove(str(folder))


class Generated:
    """The modules of the generated package."""

    def __init__(self, package: str, server: str, key: str) -> None:
        self.package = package
        self.models: Any = importlib.import_module(f"{package}.models")
        client = importlib.import_module(f"{package}.client")
        self.client = client.AuthenticatedClient(base_url=server, token=key)

    def call(self, tag: str, name: str, *path: Any, **arguments: Any) -> Any:
        module = importlib.import_module(f"{self.package}.api.{tag}.{name}")
        return module.sync_detailed(*path, client=self.client, **arguments)


def test_the_python_client(
    trip: Sandbox, api: Api, key: str, live_server: Any, python_client: str
) -> None:
    pvideo = Generated(python_client, live_server.url, key)
    models = pvideo.models
    body = models.PVideoRequest(
        model="p-video",
        input_=models.PVideoInput(prompt="a cat", duration=2, draft=True),
        metadata=models.PVideoRequestMetadataType0.from_dict({"order": "A-1"}),
    )
    quote = pvideo.call("models_and_prices", "create_quote", body=body).parsed
    answer = pvideo.call("generations", "create_generation", body=body, idempotency_key="order-1")
    assert answer.status_code == 202
    made = answer.parsed
    assert isinstance(made, models.Generation)
    assert answer.headers["Location"] == f"/api/v1/generations/{made.id}"
    assert made.cost.quoted == quote.amount
    again = pvideo.call("generations", "create_generation", body=body, idempotency_key="order-1")
    assert again.parsed == made
    assert again.headers["Idempotency-Replayed"] == "true"
    work_until_done()
    done = pvideo.call("generations", "retrieve_generation", made.id).parsed
    assert done.status == models.GenerationStatus.COMPLETED
    assert done.output.duration == pytest.approx(2, abs=0.2)
    assert done.cost.charged == quote.amount
    page = pvideo.call(
        "generations", "list_generations", status=models.GenerationStatus.COMPLETED, limit=1
    ).parsed
    assert [one.id for one in page.results] == [made.id]
    content = pvideo.call("generations", "generation_content", made.id)
    assert content.status_code == 302
    refused = pvideo.call("generations", "cancel_generation", made.id)
    assert refused.status_code == 409
    assert refused.parsed.code == models.ProblemCode.CANNOT_CANCEL
    missing = pvideo.call("generations", "retrieve_generation", uuid.uuid4())
    assert missing.parsed.code == models.ProblemCode.NOT_FOUND
    usage = pvideo.call("usage", "get_usage", group_by=[models.GetUsageGroupByItem.MODEL]).parsed
    assert usage.total.charged == quote.amount
    assert pvideo.call("generations", "delete_generation", made.id).status_code == 204
    assert_books_balance()


def test_the_python_client_without_a_key(api: Api, live_server: Any, python_client: str) -> None:
    pvideo = Generated(python_client, live_server.url, "pv_wrong")
    answer = pvideo.call("wallet", "get_wallet")
    assert answer.status_code == 401
    assert answer.parsed.code == pvideo.models.ProblemCode.NOT_AUTHENTICATED


# --- JavaScript -------------------------------------------------------------------------------

SCRIPT = """
import assert from "node:assert/strict";
import { ApiError, Client } from "./client.mjs";

const client = new Client({ key: process.env.KEY, baseUrl: process.env.SERVER });
const input = { prompt: "a cat", duration: 2 };
const body = { model: "p-video", input, metadata: { order: "A-1" } };
const made = await client.createGeneration(body, { idempotencyKey: "js-1" });
assert.equal(made.status, "queued");
assert.deepEqual(await client.createGeneration(body, { idempotencyKey: "js-1" }), made);
assert.deepEqual(await client.retrieveGeneration(made.id), made);
const page = await client.listGenerations({ metadata: { order: "A-1" }, limit: 1 });
assert.deepEqual(page.results, [made]);
assert.deepEqual((await client.listGenerations({ metadata: { order: "B" } })).results, []);
const canceled = await client.cancelGeneration(made.id);
assert.equal(canceled.status, "canceled");
await assert.rejects(client.cancelGeneration(made.id), (error) =>
  error instanceof ApiError && error.code === "cannot_cancel" && error.status === 409);
await assert.rejects(client.createGeneration({ model: "p-video", input: {} }), (error) =>
  error.problem.errors[0].pointer === "/input/prompt");
const bytes = Buffer.from(process.env.PICTURE, "base64");
const upload = await client.createUpload(new Blob([bytes]));
assert.equal(upload.kind, "image");
assert.equal((await client.getUsage({ group_by: ["day", "model"] })).total.generations, 1);
await client.deleteUpload(upload.id);
await client.deleteGeneration(made.id);
console.log(made.id);
"""


def _node() -> str:
    """The machine's, or the one that the browsers' driver brings."""
    return shutil.which("node") or str(compute_driver_executable()[0])


def test_the_javascript_client(
    committed: Api, key: str, live_server: Any, tmp_path: Path, picture: Any
) -> None:

    (tmp_path / "client.mjs").write_text(openapi_javascript.written(openapi.document()))
    (tmp_path / "use.mjs").write_text(SCRIPT)
    done = subprocess.run(
        [_node(), tmp_path / "use.mjs"],
        env={
            "PATH": os.environ["PATH"],
            "KEY": key,
            "SERVER": live_server.url,
            "PICTURE": base64.b64encode(picture()).decode(),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    row = Generation.objects.get(pk=done.stdout.strip())
    assert row.state == State.CANCELED
    assert row.api_key == ApiKey.objects.get()
    assert_books_balance()


def test_the_javascript_client_is_served(client: Any, db: None) -> None:
    answer = client.get("/api/client.mjs")
    assert answer["Content-Type"].startswith("text/javascript")
    for operations in openapi.document()["paths"].values():
        for operation in operations.values():
            assert openapi_javascript._camel(operation["operationId"]) in answer.content.decode()
