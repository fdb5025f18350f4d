"""Carries out the Dockerfile's steps without a container engine, in a clean folder.

    uv run python -m tests.startup.run_dockerfile_steps

Each COPY honours .dockerignore, each RUN is run by a shell with the ENV so far, /app and /data
are folders below a temporary one. Then the image's own CMD serves as the image's user, beside an
embedded PostgreSQL, and its HEALTHCHECK is asked. Takes a minute and the package registry, and
root for the user that it adds and removes again, so it is no test of the suite.
"""

import fnmatch
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pvideo_platform import embedded_postgres
from tests.startup.demo_process import PROJECT, free_ports
from tests.startup.test_containers import INSTRUCTIONS

IGNORED = (PROJECT / ".dockerignore").read_text().split()
PRODUCTION = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "PIXAZO_API_KEY": "not-a-key",
    "STRIPE_API_KEY": "rk_live_notakey",
    "STRIPE_WEBHOOK_SECRET": "whsec_not-a-secret",
    "PUBLIC_BASE_URL": "https://video.example.com",
    "EMAIL_URL": "smtp+tls://user:none@mail.example.com:587",
}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Steps:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        self.final: dict[str, str] = {}

    def place(self, text: str) -> str:
        """The Dockerfile's folders, below ours."""
        for folder in ("/app", "/data"):
            text = text.replace(folder, str(self.root) + folder)
        return text

    def run(self) -> None:
        for line in INSTRUCTIONS:
            name, _, rest = line.partition(" ")
            match name:
                case "ENV":
                    for pair in self.place(rest).split():
                        key, _, value = pair.partition("=")
                        self.env[key] = value.replace("$PATH", self.env["PATH"])
                case "WORKDIR":
                    Path(self.place(rest)).mkdir(parents=True, exist_ok=True)
                case "COPY" if "--from" not in rest:
                    self.copy(*rest.split())
                case "RUN":
                    self.shell(rest)
                case "HEALTHCHECK" | "CMD":
                    self.final[name] = self.place(rest)

    def copy(self, *names: str) -> None:
        for name in names[:-1]:
            source = PROJECT / name
            if source.is_dir():
                shutil.copytree(source, self.root / "app", ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy(source, self.root / "app" / name)

    def shell(self, command: str) -> None:
        say(f"RUN {command}")
        began = time.monotonic()
        subprocess.run(
            ["/bin/sh", "-ec", self.place(command)], cwd=self.root / "app", env=self.env, check=True
        )
        say(f"  done in {time.monotonic() - began:.1f} s")

    def serve(self) -> None:
        """The image as it would run: migrated, serving, healthy."""
        port = free_ports()
        host = embedded_postgres.start(self.root / "postgres")
        env = {**self.env, **PRODUCTION, "WEB_BIND": f"127.0.0.1:{port}"}
        env["DATABASE_URL"] = f"postgres://postgres@/pvideo?host={host}"
        command = json.loads(self.final["CMD"])
        health = json.loads(self.final["HEALTHCHECK"].partition("CMD ")[2])
        health[-1] = health[-1].replace(":8000", f":{port}")
        common: dict[str, Any] = {"cwd": self.root / "app", "env": env, "user": image_user()}
        subprocess.run(["python", "manage.py", "migrate", "--no-input"], check=True, **common)
        server = subprocess.Popen(command, **common)
        try:
            time.sleep(5)
            code = subprocess.run(health, check=False, **common).returncode
        finally:
            server.terminate()
            server.wait(30)
        say(f"HEALTHCHECK {code}, CMD ended with {server.returncode}")
        if code or server.returncode:
            sys.exit(1)


def ignored(folder: str, names: list[str]) -> set[str]:
    top = Path(folder) == PROJECT
    patterns = [p.removeprefix("**/") for p in IGNORED if top or p.startswith("**/")]
    return {name for name in names if any(fnmatch.fnmatch(name, p) for p in patterns)}


def image_user() -> int:
    """The image's user, if it can start this machine's Python (one below /root it cannot)."""
    uid = pwd.getpwnam("pvideo").pw_uid
    try:
        subprocess.run([os.path.realpath(sys.executable), "-c", ""], user=uid, check=True, cwd="/")
    except (OSError, subprocess.CalledProcessError):
        say("NOTE: served as the present user: the image's cannot reach this Python")
        return os.getuid()
    return uid


def main() -> None:
    root = Path(tempfile.mkdtemp(prefix="dockerfile-"))
    root.chmod(0o755)
    (root / "app").mkdir()
    steps = Steps(root)
    # The build stage's `pip install` goes to an environment of its own, not to this machine's.
    subprocess.run([sys.executable, "-m", "venv", str(root / "tools")], check=True)
    steps.env["PATH"] = f"{root / 'tools' / 'bin'}:{steps.env['PATH']}"
    try:
        steps.run()
        steps.serve()
    finally:
        subprocess.run(["userdel", "pvideo"], check=False)
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
