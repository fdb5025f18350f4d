"""What the admin's search box looks up: beginnings of names, and ids that Stripe's pages show."""

from django.db import migrations

INDEXES = """
CREATE INDEX audit_organization_name ON accounts_organization (upper(name) text_pattern_ops);
CREATE INDEX audit_user_email ON accounts_user (upper(email) text_pattern_ops);
CREATE INDEX audit_top_up_invoice ON billing_topup (invoice_id) WHERE invoice_id <> '';
CREATE INDEX audit_top_up_invoice_number ON billing_topup (invoice_number)
    WHERE invoice_number <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_trail")]
    operations = [migrations.RunSQL(INDEXES, migrations.RunSQL.noop)]
