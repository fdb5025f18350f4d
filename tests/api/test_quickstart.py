"""docs/api-quickstart.md, done as a newcomer does it: its own lines, with curl."""

import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from generations import probing
from generations.models import Generation
from tests.conftest import PROJECT, Sandbox
from tests.generations.conftest import Api, eventually, work_until_done

LINES = "\n".join(
    re.findall(r"```sh\n(.*?)```", (PROJECT / "docs/api-quickstart.md").read_text(), re.DOTALL)
)


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_a_newcomer_gets_a_video(
    trip: Sandbox, api: Api, key: str, live_server: Any, tmp_path: Path
) -> None:
    script = LINES.replace("http://127.0.0.1:8000", live_server.url).replace("pv_...", key)

    def work() -> None:
        try:
            eventually(Generation.objects.exists)
            work_until_done()
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    worker.join(60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"amount":"0.060000"' in done.stdout
    assert '"charged":"0.060000"' in done.stdout
    assert probing.video_facts(tmp_path / "video.mp4").duration_ms == pytest.approx(3000, abs=150)
