-- What was entered of the provider's invoices stays; it can only be withdrawn, once.
CREATE FUNCTION staff_guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
       OR to_jsonb(NEW) - 'withdrawn_at' IS DISTINCT FROM to_jsonb(OLD) - 'withdrawn_at' THEN
        RAISE EXCEPTION 'UPDATE of staff_providerinvoice is refused: withdraw it, and enter it anew'
            USING ERRCODE = 'PV010';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_invoice_kept BEFORE UPDATE ON staff_providerinvoice
    FOR EACH ROW EXECUTE FUNCTION staff_guard_invoice();
CREATE TRIGGER staff_invoice_no_delete BEFORE DELETE ON staff_providerinvoice
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('invoices are withdrawn');
CREATE TRIGGER staff_invoice_no_truncate BEFORE TRUNCATE ON staff_providerinvoice
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('invoices are withdrawn');
