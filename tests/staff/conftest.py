"""The staff of the tests: Root may all, Sue supports, Fred is finance's; and the browser."""

import pytest
from django.test import Client

from accounts.models import User
from tests.web.conftest import as_alice as as_alice
from tests.web.conftest import bought as bought
from tests.web.conftest import browser as browser
from tests.web.conftest import make as make
from tests.web.conftest import shop as shop
from tests.web.conftest import site as site
from tests.web.conftest import visit as visit


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@staff.example", "root-password", name="Root")


@pytest.fixture
def as_root(root: User) -> Client:
    return logged_in(root)
