from collections.abc import Iterator

import pytest

from tests.conftest import assert_books_balance


@pytest.fixture
def books_balance(db: None) -> Iterator[None]:
    """Ends the test with a check of the books, while its database is still there."""
    yield
    assert_books_balance()
