"""The demo's logins and API key: made once per data folder, readable by its owner only."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

CUSTOMER_EMAIL = "customer@example.com"
STAFF_EMAIL = "staff@example.com"
ORGANIZATION = "Demo Studio"


@dataclass(frozen=True, slots=True)
class Credentials:
    """`api_key` is empty until the first seeding has made one."""

    customer_password: str
    staff_password: str
    api_key: str = ""

    def with_api_key(self, api_key: str) -> "Credentials":
        return replace(self, api_key=api_key)


def load_or_make(data_dir: Path) -> Credentials:
    """This folder's credentials; made, and saved at once, when there are none."""
    path = _path(data_dir)
    if path.exists():
        return Credentials(**json.loads(path.read_text()))
    made = Credentials(
        customer_password=secrets.token_urlsafe(12), staff_password=secrets.token_urlsafe(12)
    )
    save(data_dir, made)
    return made


def save(data_dir: Path, credentials: Credentials) -> None:
    _write_private(_path(data_dir), asdict(credentials))


def export(path: Path, credentials: Credentials, *, base_url: str, sandbox_url: str) -> None:
    """Write them as `manage.py demo --credentials FILE` promises (docs/operations.md)."""
    _write_private(
        path,
        {
            "base_url": base_url,
            "sandbox_url": sandbox_url,
            "customer": {
                "email": CUSTOMER_EMAIL,
                "password": credentials.customer_password,
                "organization": ORGANIZATION,
                "api_key": credentials.api_key,
            },
            "staff": {"email": STAFF_EMAIL, "password": credentials.staff_password},
        },
    )


def _path(data_dir: Path) -> Path:
    return data_dir / "credentials.json"


def _write_private(path: Path, content: object) -> None:
    """Replace the file as a whole: nobody reads half of it, and nobody else reads any of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)
