"""What the tests of accounts share."""

from collections.abc import Callable

import pytest

from accounts.models import Organization
from tests.generations.conftest import Api


@pytest.fixture
def api(key: str, acme: Organization, give_credits: Callable[..., None]) -> Api:
    """A program of Acme's, with all scopes and credits."""
    give_credits(acme)
    return Api(key)
