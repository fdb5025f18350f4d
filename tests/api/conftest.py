"""What the tests of the API share: rows of a gallery at rest, and files."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from accounts.models import Organization
from tests.generations.conftest import Api, api, trip  # noqa: F401  # fixtures
from tests.web.conftest import make, move  # noqa: F401


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """A picture file."""

    def draw(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", size, "teal").save(file, kind)
        return file.getvalue()

    return draw


@pytest.fixture
def committed(transactional_db: None, key: str, acme: Organization, give_credits: Any) -> Api:
    """`api` on committed rows: accepting is a transaction of its own."""
    give_credits(acme)
    return Api(key)
