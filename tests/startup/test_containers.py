"""The image and the composition, as far as they can be judged without a container engine."""

import re
import subprocess

import pytest

from tests.startup.demo_process import PROJECT

DOCKERFILE = (PROJECT / "Dockerfile").read_text()
COMPOSE = (PROJECT / "compose.yaml").read_text()
INSTRUCTIONS = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", DOCKERFILE)).splitlines()


def instructions(name: str) -> list[str]:
    return [line.partition(" ")[2] for line in INSTRUCTIONS if line.startswith(f"{name} ")]


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        ["hadolint", "--no-color", "Dockerfile"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_stage_has_the_same_pinned_base() -> None:
    bases = {line.partition(" AS ")[0] for line in instructions("FROM")}
    assert len(bases) == 1
    wanted = (PROJECT / ".python-version").read_text().strip()
    assert re.fullmatch(rf"python:{re.escape(wanted)}\.\d+-slim-\w+", bases.pop())


def test_it_runs_as_nobody_special_and_shows_its_health() -> None:
    assert instructions("USER") == ["10001"]
    (health,) = instructions("HEALTHCHECK")
    assert 'CMD ["python", "-c",' in health
    assert "/healthz" in health
    assert instructions("CMD") == [
        '["gunicorn", "--config", "python:pvideo_platform.gunicorn_conf"]'
    ]


def test_the_packages_are_the_locks_without_demo_and_dev() -> None:
    assert "uv sync --locked --no-default-groups" in instructions("RUN")
    # The web server, the queue and the provider's client must not be in those groups.
    assert (
        '"gunicorn' in (PROJECT / "pyproject.toml").read_text().partition("[dependency-groups]")[0]
    )


@pytest.mark.parametrize("kept_out", [".env", ".git", "var", "sandbox", "tests", ".venv"])
def test_what_is_no_part_of_it_stays_out(kept_out: str) -> None:
    assert kept_out in (PROJECT / ".dockerignore").read_text().splitlines()


def test_no_secret_has_a_default() -> None:
    for name in (
        *("SECRET_KEY", "POSTGRES_PASSWORD", "PIXAZO_API_KEY"),
        *("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"),
    ):
        uses = re.findall(rf"\$\{{{name}([^}}]*)}}", COMPOSE)
        assert uses, name
        assert all(use.startswith(":?") for use in uses), name
    assert not re.search(r"(?i)(KEY|PASSWORD|SECRET)\w*: *[\"']?\w", COMPOSE)


def test_all_services_are_there() -> None:
    services = COMPOSE.partition("\nservices:\n")[2].partition("\nvolumes:\n")[0]
    assert re.findall(r"(?m)^  (\w+):$", services) == [
        *("postgres", "redis", "migrate", "web", "worker"),
    ]
