"""The function that accepts a job; kept readable in generations/sql/."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0002_events_and_sweep"),
        ("accounts", "0002_limits"),
        ("billing", "0002_ledger"),
    ]
    operations = [migrations.RunSQL((SQL / "accept.sql").read_text(), migrations.RunSQL.noop)]
