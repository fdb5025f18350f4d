"""The staff of the tests: Root may all, Sue supports, Fred is finance's; and the browser."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from staff import roles
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


def _member_of(email: str, role: str) -> User:
    user = User.objects.create_user(email, "x", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def sue(db: None) -> User:
    """Supports customers."""
    return _member_of("sue@staff.example", roles.SUPPORT)


@pytest.fixture
def fred(db: None) -> User:
    """Is finance's."""
    return _member_of("fred@staff.example", roles.FINANCE)


@pytest.fixture
def frida(db: None) -> User:
    """Is finance's too: the second person."""
    return _member_of("frida@staff.example", roles.FINANCE)


@pytest.fixture
def nobody(db: None) -> User:
    """Is of the staff, without a role."""
    return _member_of("nobody@staff.example", "")
