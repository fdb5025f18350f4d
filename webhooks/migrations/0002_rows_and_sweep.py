"""The functions and triggers of the rows, and the sweep's schedule (made in code only)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def schedule(apps, schema_editor):
    Schedule = apps.get_model("django_q", "Schedule")
    Schedule.objects.update_or_create(
        name="webhooks sweep",
        defaults={
            "func": "webhooks.tasks.sweep",
            "schedule_type": "I",
            "minutes": 1,
            "repeats": -1,
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        migrations.RunSQL((SQL / "rows.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "claim.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
