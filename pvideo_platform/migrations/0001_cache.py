"""The table of Django's database cache (settings.CACHES), where no REDIS_URL is set.

Made here and not by `createcachetable`, so that `migrate` is all that a start needs. Unlogged: a
crash may empty a cache, and nothing is written twice.
"""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE platform_cache (
                cache_key varchar(255) NOT NULL PRIMARY KEY,
                value text NOT NULL,
                expires timestamp with time zone NOT NULL
            );
            CREATE INDEX platform_cache_expires ON platform_cache (expires);
            """,
            "DROP TABLE platform_cache",
        )
    ]
