"""The gallery's filters and its search (generations/sql/search.sql), and links to share."""

from pathlib import Path

import accounts.models.people
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP INDEX generations_search; DROP FUNCTION generations_words"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_team'),
        ('billing', '0004_payments'),
        ('generations', '0005_places'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ShareLink',
            fields=[
                ('id', models.UUIDField(default=accounts.models.people.new_id, editable=False, primary_key=True, serialize=False)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('token_sealed', models.BinaryField(help_text='Sealed (accounts/sealing.py).')),
                ('shows_prompt', models.BooleanField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
            ],
        ),
        migrations.AlterField(
            model_name='generation',
            name='created_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['created_by', '-id'], name='generations_by_member'),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='generation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.generation'),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='organization',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization'),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('generation',), name='generations_shared_once'),
        ),
        TrigramExtension(),
        BtreeGinExtension(),
        migrations.RunSQL((SQL / "search.sql").read_text(), UNDO),
    ]
