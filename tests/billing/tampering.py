"""Changes behind the guards' back, and what the audit says of them."""

from django.db import connection

from billing import reconciliation
from generations import books


def tamper(*statements: str) -> None:
    """As a restored backup or a person with psql and rights could leave it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        for sql in statements:
            cursor.execute(sql)
        cursor.execute("SET session_replication_role = origin")


def audit() -> set[str]:
    """The kinds of what is off."""
    return {p.kind for p in (*reconciliation.check().problems, *books.check())}
