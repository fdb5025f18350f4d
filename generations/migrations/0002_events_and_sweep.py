"""The trigger that writes the timeline, and the sweep's schedule.

Schedules are made in code only: one row with bad arguments stops them all.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def schedule(apps, schema_editor):
    Schedule = apps.get_model("django_q", "Schedule")
    Schedule.objects.update_or_create(
        name="sweep",
        defaults={
            "func": "generations.tasks.sweep",
            "schedule_type": "I",
            "minutes": 1,
            "repeats": -1,
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0001_initial"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        migrations.RunSQL((SQL / "events.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
