"""Invitations, the audit log, retention, and who wants which e-mail."""

import accounts.models.people
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "team.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='muted',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('low_balance', 'Credits are running low'), ('payment_problems', 'A payment or an auto top-up did not go through'), ('auto_top_ups', 'An auto top-up has added credits'), ('webhooks', 'A webhook endpoint was disabled')], max_length=20), blank=True, default=list, help_text='What this member wants no e-mail about.'),
        ),
        migrations.AddField(
            model_name='organization',
            name='deleted_at',
            field=models.DateTimeField(editable=False, help_text='Since when nobody works in it; its ledger stays.', null=True),
        ),
        migrations.AddField(
            model_name='organization',
            name='media_retention_days',
            field=models.PositiveIntegerField(blank=True, help_text='Videos are removed this many days after they were made. Empty: never.', null=True, validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AddField(
            model_name='user',
            name='last_organization',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, help_text='Where they work when they come back.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.organization'),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=accounts.models.people.new_id, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('member', 'Member'), ('viewer', 'Viewer')], max_length=10)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('token_sealed', models.BinaryField(default=b'', help_text='Until it is sent.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField()),
                ('sends', models.PositiveSmallIntegerField(default=1, help_text='How often it was asked to go.')),
                ('sent_at', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='Of the present sending.')),
                ('next_attempt_at', models.DateTimeField(help_text='Set while it is to be sent.', null=True)),
                ('accepted_at', models.DateTimeField(editable=False, null=True)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('accepted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', '-id'], name='accounts_invitations'), models.Index(models.F('next_attempt_at'), condition=models.Q(('next_attempt_at__isnull', False)), name='accounts_invitations_due')],
                'constraints': [models.UniqueConstraint(models.F('organization'), django.db.models.functions.text.Lower('email'), condition=models.Q(('accepted_at', None), ('revoked_at', None)), name='accounts_invited_once'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'member', 'viewer'])), name='accounts_invited_as')],
            },
        ),
        migrations.CreateModel(
            name='MemberAct',
            fields=[
                ('id', models.UUIDField(default=accounts.models.people.new_id, editable=False, primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('signed_in', 'Signed in'), ('organization_founded', 'Created the organization'), ('organization_renamed', 'Renamed the organization'), ('organization_deleted', 'Deleted the organization'), ('retention_changed', 'Changed the retention of videos'), ('member_invited', 'Invited someone'), ('invitation_resent', 'Sent an invitation again'), ('invitation_revoked', 'Revoked an invitation'), ('member_joined', 'Joined'), ('role_changed', 'Changed a role'), ('limit_changed', 'Changed a monthly limit'), ('member_removed', 'Removed a member'), ('member_left', 'Left'), ('ownership_transferred', 'Transferred ownership'), ('key_created', 'Created an API key'), ('key_changed', 'Changed an API key'), ('key_rotated', 'Rotated an API key'), ('key_revoked', 'Revoked an API key'), ('endpoint_created', 'Added a webhook endpoint'), ('endpoint_changed', 'Changed a webhook endpoint'), ('endpoint_deleted', 'Deleted a webhook endpoint'), ('endpoint_secret_rotated', 'Rotated a webhook secret'), ('top_up_started', 'Started a purchase'), ('code_redeemed', 'Redeemed a promotion code'), ('auto_top_up_on', 'Agreed to auto top-up'), ('auto_top_up_off', 'Switched auto top-up off'), ('alert_changed', 'Changed the low-balance e-mail'), ('generation_deleted', 'Deleted a video'), ('share_link_created', 'Shared a video by link'), ('share_link_revoked', 'Revoked a share link')], max_length=30)),
                ('object_kind', models.CharField(blank=True, default='', max_length=60)),
                ('object_id', models.CharField(blank=True, default='', max_length=64)),
                ('object_name', models.CharField(blank=True, default='', max_length=254)),
                ('details', models.JSONField(default=dict)),
                ('address', models.GenericIPAddressField(help_text='Where it was asked from.', null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('api_key', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.apikey')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['organization', '-id'], name='accounts_acts'), models.Index(fields=['organization', 'user', '-id'], name='accounts_acts_of_member'), models.Index(fields=['organization', 'act', '-id'], name='accounts_acts_of_kind')],
                'constraints': [models.CheckConstraint(condition=models.Q(('user', None), ('api_key', None), _connector='OR'), name='accounts_act_of_one')],
            },
        ),
        migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop),
    ]
