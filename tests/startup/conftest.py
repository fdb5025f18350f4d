import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import clusters
from tests.startup.demo_process import Demo


@contextmanager
def temporary_data_dir() -> Iterator[Path]:
    """Not below pytest's own folder: as root, PostgreSQL runs as another user, who must get there,
    and every starting pytest closes that folder to others again."""
    folder = Path(tempfile.mkdtemp(prefix="pvideo-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def data_dir(migrated_cluster: Path) -> Iterator[Path]:
    """One data folder for all starts: every demo leaves it so that the next can use it.

    Its database is migrated already, and empty.
    """
    with temporary_data_dir() as folder:
        clusters.copy(migrated_cluster, folder / "postgres")
        yield folder


@pytest.fixture
def own_data_dir() -> Iterator[Path]:
    """A fresh one, without anything."""
    with temporary_data_dir() as folder:
        yield folder


Start = Callable[..., Demo]


@pytest.fixture
def start(data_dir: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts demos, on the shared folder unless told otherwise; none survives the test."""
    started: list[Demo] = []

    def start(*options: str, folder: Path = data_dir, port: int = 0, **env: str) -> Demo:
        said = tmp_path / f"demo-{len(started)}"
        started.append(Demo(folder, *options, said=said, port=port, **env))
        return started[-1]

    yield start
    for demo in started:
        if demo.process.poll() is None or demo.everything():
            demo.kill()
        demo.process.wait(10)


@pytest.fixture(autouse=True)
def _fixed_umask() -> Iterator[None]:
    """File modes are asserted, so they must not depend on who runs the tests."""
    before = os.umask(0o022)
    yield
    os.umask(before)
