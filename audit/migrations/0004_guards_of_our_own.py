"""Guards that django-pgtrigger cannot be told to ignore: its own are silent while a setting of the
connection names them."""

from django.db import migrations

HISTORIES = (
    *("organization", "user", "usergroup", "userpermission", "membership", "apikey"),
    *("price", "terms", "bonusrule", "promotioncode", "freeze"),
)


def guard(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION backoffice_refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_search_indexes"), ("backoffice", "0002_guards")]
    operations = [guard(f"audit_{name}history") for name in HISTORIES]
