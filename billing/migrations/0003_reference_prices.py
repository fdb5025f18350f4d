"""The price table of Pixazo's reference, in micro-dollars per second of output.

The reference lists two prices a resolution for p-video; the cheaper one is draft mode (design,
section 4). Both what the customer pays and what Pixazo charges start at the listed price.
"""

from datetime import UTC, datetime

from django.db import migrations

EFFECTIVE_FROM = datetime(2026, 1, 1, tzinfo=UTC)
PRICES = [
    ("p-video", "720p", False, 20_000),
    ("p-video", "720p", True, 5_000),
    ("p-video", "1080p", False, 40_000),
    ("p-video", "1080p", True, 10_000),
    ("p-video-avatar", "720p", False, 25_000),
    ("p-video-avatar", "1080p", False, 45_000),
]


def load(apps, schema_editor):
    Price = apps.get_model("billing", "Price")
    Price.objects.bulk_create(
        Price(
            model=model,
            resolution=resolution,
            draft=draft,
            effective_from=EFFECTIVE_FROM,
            customer_micros_per_second=micros,
            provider_micros_per_second=micros,
        )
        for model, resolution, draft, micros in PRICES
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_ledger")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
