"""What staff did is only ever added; kept readable in backoffice/sql/."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("backoffice", "0001_staff_acts")]
    operations = [migrations.RunSQL((SQL / "guards.sql").read_text(), migrations.RunSQL.noop)]
