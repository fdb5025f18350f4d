"""What one organization may have of the places is told to the claim apart from the failing's share."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0003_fair_to_organizations")]
    operations = [
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS webhooks_claim(integer, integer, integer, integer);"
            + (SQL / "claim.sql").read_text(),
            migrations.RunSQL.noop,
        ),
    ]
