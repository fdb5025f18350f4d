"""schemathesis: requests made up from the description, right and wrong ones, with all its checks.

Run by hand for longer: SCHEMATHESIS_EXAMPLES=500 uv run pytest tests/api/test_schemathesis.py
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Organization
from tests.conftest import Sandbox, assert_books_balance

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "5")
SECONDS = 150 + 20 * int(EXAMPLES)


CONFIG = """
# 422: made-up Idempotency-Keys repeat.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 402, 403, 404, 409, 422, 429]

# A schema cannot say that a cursor is signed, or which time zones there are.
[[operations]]
include-method = "GET"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 404, 409]

# What only the file itself tells: nothing is at a made-up address, no picture in made-up bytes.
# What is in the future. Which names are public. And 5.0 is an integer to JSON Schema, not to us.
[[operations]]
include-operation-id = [
  "create_generation", "create_quote", "create_upload", "create_api_key", "rotate_api_key",
  "create_webhook_endpoint", "update_webhook_endpoint", "rotate_webhook_secret",
  "update_api_key",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 402, 403, 404, 409, 422, 503]
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phases", "more"),
    [
        ("examples,coverage", ()),
        # These take ids from answers, and would revoke the very key that they use.
        ("fuzzing,stateful", ("--exclude-operation-id-regex", "(revoke|rotate|update)_api_key")),
    ],
    ids=["each", "together"],
)
@pytest.mark.timeout(SECONDS + 30)
def test_nothing_is_found(
    transactional_db: None,
    live_server: Any,
    key: str,
    acme: Organization,
    give_credits: Any,
    sandbox: Sandbox,
    settings: Any,
    tmp_path: Path,
    phases: str,
    more: tuple[str, ...],
) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    settings.RATE_LIMIT_KEY = settings.RATE_LIMIT_ORGANIZATION = 0
    settings.RATE_LIMIT_GENERATIONS = settings.RATE_LIMIT_STRANGERS = 0
    give_credits(acme, 1_000_000)
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    done = subprocess.run(
        [
            sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
            "--config-file", tmp_path / "schemathesis.toml",
            "run", f"{live_server.url}/api/schema/", "--url", live_server.url,
            "--header", f"Authorization: Bearer {key}",
            "--checks", "all", "--max-examples", EXAMPLES, "--no-color", "--seed", "1",
            "--phases", phases, *more, "--generation-database", "none",
            "--continue-on-failure", "--request-timeout", "20", "--workers", "1",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-3000:]
    assert_books_balance()
