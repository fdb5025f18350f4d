"""The functions of rate limits, Idempotency-Keys and monthly limits; kept readable in accounts/sql/."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
        for name in ("rate_buckets.sql", "idempotency.sql", "spending.sql")
    ]
