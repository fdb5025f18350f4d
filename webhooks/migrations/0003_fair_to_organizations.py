"""Places shared fairly among organizations, and indexes for what is forgotten and what failed."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_rows_and_sweep")]
    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("replay_of__isnull", False)),
                fields=["replay_of"],
                name="webhooks_delivery_replays",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["failed", "canceled"])),
                fields=["organization", "-id"],
                name="webhooks_delivery_not_got",
            ),
        ),
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS webhooks_claim(integer, integer, integer, integer);"
            + (SQL / "claim.sql").read_text(),
            migrations.RunSQL.noop,
        ),
    ]
