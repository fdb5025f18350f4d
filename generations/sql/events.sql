-- The timeline writes itself, with the change that it tells of: no path can forget it.
CREATE OR REPLACE FUNCTION generations_record_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generations_generationevent (generation_id, organization_id, state, note, created_at)
    VALUES (NEW.id, NEW.organization_id, NEW.state, NEW.note, clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER generations_event_on_insert AFTER INSERT ON generations_generation
    FOR EACH ROW EXECUTE FUNCTION generations_record_event();
CREATE TRIGGER generations_event_on_change AFTER UPDATE OF state ON generations_generation
    FOR EACH ROW WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION generations_record_event();

CREATE OR REPLACE FUNCTION generations_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: rows are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'PV010';
END $$;
CREATE TRIGGER generations_event_append_only BEFORE UPDATE OR DELETE ON generations_generationevent
    FOR EACH ROW EXECUTE FUNCTION generations_refuse_change();
CREATE TRIGGER generations_event_no_truncate BEFORE TRUNCATE ON generations_generationevent
    FOR EACH STATEMENT EXECUTE FUNCTION generations_refuse_change();
CREATE TRIGGER generations_callback_append_only
    BEFORE UPDATE OR DELETE ON generations_providercallback
    FOR EACH ROW EXECUTE FUNCTION generations_refuse_change();
CREATE TRIGGER generations_callback_no_truncate BEFORE TRUNCATE ON generations_providercallback
    FOR EACH STATEMENT EXECUTE FUNCTION generations_refuse_change();
