"""The guards of payments, what is on sale at first, and the sweep's schedule."""

from datetime import UTC, datetime
from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
DOLLAR = 1_000_000


def load(apps, schema_editor):
    """Packs of 10 to 500 USD, and 5 USD free on the first payment; staff change both."""
    apps.get_model("billing", "TopUpTerms").objects.update_or_create(
        pk=1,
        defaults={
            "packs_micros": [dollars * DOLLAR for dollars in (10, 20, 50, 100, 500)],
            "least_micros": 5 * DOLLAR,
            "most_micros": 5_000 * DOLLAR,
        },
    )
    apps.get_model("billing", "BonusRule").objects.get_or_create(
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
        defaults={"amount_micros": 5 * DOLLAR, "least_payment_micros": 0},
    )


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name="billing sweep",
        defaults={
            "func": "billing.tasks.sweep",
            "schedule_type": "I",
            "minutes": 1,
            "repeats": -1,
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_reference_prices"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        migrations.RunSQL((SQL / "payments.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunPython(load, migrations.RunPython.noop),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
