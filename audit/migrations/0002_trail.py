"""Guards and indexes of the histories, what there was when they began, and the trail's view."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
HISTORIES = {
    "organization": ("accounts.organization", "h.id"),
    "user": ("accounts.user", "NULL::uuid"),
    "usergroup": ("accounts.user_groups", "NULL::uuid"),
    "userpermission": ("accounts.user_permissions", "NULL::uuid"),
    "membership": ("accounts.membership", "h.organization_id"),
    "apikey": ("accounts.apikey", "h.organization_id"),
    "price": ("billing.price", "h.organization_id"),
    "terms": ("billing.topupterms", "NULL::uuid"),
    "bonusrule": ("billing.bonusrule", "NULL::uuid"),
    "promotioncode": ("billing.promotioncode", "NULL::uuid"),
    "freeze": ("billing.freeze", "h.organization_id"),
}
FACTS = """
CREATE FUNCTION audit_facts(state jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT state - ARRAY['pgh_id', 'pgh_created_at', 'pgh_label', 'pgh_obj_id', 'pgh_context_id',
                         'pgh_context']
$$;
"""
ACTS = """
SELECT 'act:' || id, at, actor_id, host(address), path, act, subject, subject_id, organization_id,
       reason, before, after
  FROM backoffice_staffact
"""


def statements():
    for name in HISTORIES:
        yield (SQL / "history.sql").read_text().replace("{table}", f"audit_{name}history")
    yield FACTS
    branch = (SQL / "trail.sql").read_text()
    branches = [
        branch.replace("{table}", f"audit_{name}history")
        .replace("{subject}", subject)
        .replace("{organization}", organization)
        for name, (subject, organization) in HISTORIES.items()
    ]
    yield f"CREATE VIEW audit_trail AS {' UNION ALL '.join([*branches, ACTS])}"


def begin_histories(apps, schema_editor):
    """Each row's state of now: what its first change starts from."""
    for name in HISTORIES:
        history = apps.get_model("audit", f"{name}history")
        tracked = history._meta.get_field("pgh_obj").related_model._meta
        kept = [
            field.column
            for field in history._meta.local_fields
            if not field.name.startswith("pgh_")
        ]
        columns = ", ".join(f'"{column}"' for column in kept)
        schema_editor.execute(
            f'INSERT INTO "{history._meta.db_table}" (pgh_created_at, pgh_label, pgh_obj_id, '
            f"{columns}) SELECT now(), 'snapshot', \"{tracked.pk.column}\", {columns} "
            f'FROM "{tracked.db_table}"'
        )


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_histories"), ("backoffice", "0002_guards")]
    operations = [
        *(migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in statements()),
        migrations.RunPython(begin_histories, migrations.RunPython.noop),
    ]
