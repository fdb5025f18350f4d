"""What the parts are told, and by what on the command line and in the environment."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pvideo_platform.demo import options as demo_options
from pvideo_platform.demo.options import Options
from pvideo_platform.settings import env as settings_env

HERE = Path("relative")


def from_command_line(
    port: int = 8000, credentials: Path | None = None, data_dir: Path | None = HERE
) -> Options:
    return demo_options.from_command_line(
        port=port, data_dir=data_dir, credentials=credentials, walkthrough=False
    )


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "PIXAZO_API_KEY", "PUBLIC_BASE_URL", "STRIPE_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)


def test_paths_are_absolute_and_the_sandbox_is_next_door() -> None:
    options = from_command_line(port=9000, credentials=HERE / "file")
    assert options.data_dir == HERE.resolve()
    assert options.credentials == (HERE / "file").resolve()
    assert options.base_url == "http://127.0.0.1:9000"
    assert options.sandbox_url == "http://127.0.0.1:9001"
    assert options.ports == (9000, 9001)


def test_without_an_option_the_environment_names_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PVIDEO_DATA_DIR", raising=False)
    assert from_command_line(data_dir=None).data_dir == demo_options.DEFAULT_DATA_DIR
    monkeypatch.setenv("PVIDEO_DATA_DIR", str(tmp_path))
    options = from_command_line(data_dir=None)
    assert options.data_dir == tmp_path
    assert options.environment("postgres://x")["PVIDEO_DATA_DIR"] == str(tmp_path)
    assert from_command_line().data_dir == HERE.resolve()  # the option goes before


def test_the_parts_are_in_demo_mode_whatever_the_terminal_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    misleading = {
        "PVIDEO_MODE": "production",
        "DJANGO_SETTINGS_MODULE": "elsewhere",
        "PVIDEO_DATA_DIR": "/elsewhere",
        "DEBUG": "1",
        "FETCH_ALLOWED_NETLOCS": "10.0.0.1:80",
        "PIXAZO_BASE_URL": "http://elsewhere",
        "PUBLIC_BASE_URL": "https://elsewhere.example.com",
        "SANDBOX_URL": "http://elsewhere",
        "SECRET_KEY": "elsewhere",
        "STRIPE_API_KEY": "sk_live_elsewhere",
        "STRIPE_BASE_URL": "https://elsewhere",
        "STRIPE_WEBHOOK_SECRET": "whsec_elsewhere",
        "STRIPE_WEBHOOK_SECRET_FILE": "/elsewhere",
        "GUNICORN_CMD_ARGS": "--reload",
    }
    for name, value in misleading.items():
        monkeypatch.setenv(name, value)
    told = from_command_line(port=9000).environment("postgres://somewhere/pvideo")
    assert not [name for name in misleading if misleading[name] == told.get(name)]
    assert told["PVIDEO_MODE"] == "demo"
    assert told["DATABASE_URL"] == "postgres://somewhere/pvideo"
    assert told["SANDBOX_URL"] == "http://127.0.0.1:9001"
    assert told["FETCH_ALLOWED_NETLOCS"] == "127.0.0.1:9001,10.0.0.1:80"  # beside, never instead
    assert told["PUBLIC_BASE_URL"] == "http://127.0.0.1:9000"
    assert "127.0.0.1" in told["ALLOWED_HOSTS"].split(",")


def test_with_a_real_key_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXAZO_API_KEY", "a-key")
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://tunnel.example.com")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_of-the-real-endpoint")
    options = from_command_line(port=9000)
    told = options.environment("postgres://somewhere/pvideo")
    assert options.sandbox_url == ""
    assert options.ports == (9000,)
    assert "SANDBOX_URL" not in told
    assert told["PIXAZO_API_KEY"] == "a-key"
    assert told["STRIPE_WEBHOOK_SECRET"] == "whsec_of-the-real-endpoint"
    assert told["PUBLIC_BASE_URL"] == "https://tunnel.example.com"
    assert "tunnel.example.com" in told["ALLOWED_HOSTS"].split(",")


def test_every_start_has_a_secret_of_its_own_for_events() -> None:
    one, other = from_command_line(), from_command_line()
    told = one.environment("")["STRIPE_WEBHOOK_SECRET"]
    assert told == one.webhook_secret != other.webhook_secret
    assert re.fullmatch(r"whsec_[A-Za-z0-9_-]{43}", told)
    assert told not in repr(one)


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgres://from-a-file/pvideo")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    options = from_command_line()
    assert options.database_url.strip() == "postgres://from-a-file/pvideo"
    assert "DATABASE_URL_FILE" not in options.environment(options.database_url)


def test_the_embedded_servers_url_is_read_as_a_socket() -> None:
    read = settings_env.db_url_config("postgres://postgres@/pvideo?host=/var/a%2Cb/postgres")
    assert read["NAME"] == "pvideo"
    assert read["USER"] == "postgres"
    assert read["OPTIONS"] == {"host": "/var/a,b/postgres"}
    assert read["HOST"] == ""


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises((CommandError, TypeError)):
        call_command("demo", "--prot", "9000")
