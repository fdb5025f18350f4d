"""What the demo refuses before it starts anything."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pvideo_platform.demo import preflight
from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.options import Options
from tests.startup.conftest import Start
from tests.startup.demo_process import free_ports


def refusal(options: Options) -> str:
    with pytest.raises(DemoFailure) as caught, preflight.owned(options):
        pytest.fail("nothing may be started")
    return str(caught.value)


@pytest.mark.parametrize("which", [0, 1], ids=["web", "sandbox"])
def test_a_port_in_use(tmp_path: Path, which: int) -> None:
    port = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + which))
        other.listen(1)
        said = refusal(Options(port=port, data_dir=tmp_path))
    assert f"Port {port + which} on 127.0.0.1 cannot be used (Address already in use)" in said
    assert "--port N" in said


def test_the_sandbox_needs_no_port_with_the_real_provider(tmp_path: Path) -> None:
    port = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 1))
        other.listen(1)
        with preflight.owned(Options(port=port, data_dir=tmp_path, real_provider=True)):
            pass


def test_a_lingering_port_is_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the server closes first, so its side lingers
        client.close()
    with preflight.owned(Options(port=port, data_dir=tmp_path, real_provider=True)):
        pass


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "demo"


def logs_is_a_file(folder: Path) -> Path:
    (folder / "logs").touch()
    return folder


@pytest.mark.parametrize("make", [below_a_file, logs_is_a_file])
def test_a_folder_that_cannot_be_written(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    folder = make(tmp_path)
    said = refusal(Options(data_dir=folder))
    assert f"The data folder {folder} cannot be written" in said
    assert "--data-dir DIR" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "Permission denied" in refusal(Options(data_dir=tmp_path))


def test_a_path_that_postgres_cannot_have(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    assert "has a space" in refusal(Options(data_dir=folder))
    with preflight.owned(
        Options(port=free_ports(), data_dir=folder, database_url="postgres://elsewhere/pvideo")
    ):
        pass


@pytest.mark.parametrize("port", [-1, 0, 65535, 70000])
def test_a_port_that_is_none(tmp_path: Path, port: int) -> None:
    assert "--port must be between" in refusal(Options(port=port, data_dir=tmp_path))


def test_no_walkthrough_on_the_real_provider(tmp_path: Path) -> None:
    said = refusal(Options(data_dir=tmp_path, real_provider=True, walkthrough=True))
    assert "real videos cost money" in said


@pytest.mark.parametrize("file", ["missing/credentials.json", "."])
def test_a_credentials_file_that_cannot_be_written(tmp_path: Path, file: str) -> None:
    said = refusal(Options(data_dir=tmp_path / "data", credentials=tmp_path / file))
    assert f"The credentials file {tmp_path / file}" in said


def test_two_on_one_folder(tmp_path: Path) -> None:
    with preflight.owned(Options(port=free_ports(), data_dir=tmp_path)):
        said = refusal(Options(port=free_ports(), data_dir=tmp_path))
        assert f"already running on the data folder {tmp_path} (process {os.getpid()})" in said
    with preflight.owned(Options(port=free_ports(), data_dir=tmp_path)):
        pass  # and afterwards it is free again


@pytest.mark.slow
def test_the_command_says_so_in_one_paragraph(start: Start, tmp_path: Path) -> None:
    demo = start(folder=below_a_file(tmp_path))
    code, error = demo.end()
    assert code == 1
    assert error.startswith("CommandError: The data folder ")
    assert error.count("\n") == 1
    assert demo.output == ""
