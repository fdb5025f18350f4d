"""Places at the model: the indexes and functions that claim within them (generations/sql/)."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_limits"),
        ("generations", "0004_lists_and_uploads"),
    ]
    operations = [
        migrations.RemoveIndex(model_name="generation", name="generations_due"),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                "next_attempt_at",
                condition=models.Q(("attempts__gt", 0), ("state", "queued")),
                name="generations_retries_due",
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("attempts", 0), ("state", "queued")),
                fields=["organization", "id"],
                name="generations_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(
                    ("attempts__gt", 0),
                    ("state__in", ("queued", "submitting", "unconfirmed", "processing")),
                ),
                fields=["organization"],
                name="generations_places_taken",
            ),
        ),
        migrations.RunSQL((SQL / "claim.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "settle.sql").read_text(), migrations.RunSQL.noop),
    ]
