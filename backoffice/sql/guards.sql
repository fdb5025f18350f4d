-- What staff did is never changed, whichever path is taken: ORM, admin or psql.

CREATE FUNCTION backoffice_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what staff did is only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'PV010';
END $$;

CREATE TRIGGER backoffice_act_append_only BEFORE UPDATE OR DELETE ON backoffice_staffact
    FOR EACH ROW EXECUTE FUNCTION backoffice_refuse_change();
CREATE TRIGGER backoffice_act_no_truncate BEFORE TRUNCATE ON backoffice_staffact
    FOR EACH STATEMENT EXECUTE FUNCTION backoffice_refuse_change();

-- An approval is decided once, about what was asked, and kept.
CREATE FUNCTION backoffice_guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'waiting'
       OR (NEW.id, NEW.act, NEW.organization_id, NEW.amount_micros, NEW.reason, NEW.asked_by_id,
           NEW.asked_at)
          IS DISTINCT FROM
          (OLD.id, OLD.act, OLD.organization_id, OLD.amount_micros, OLD.reason, OLD.asked_by_id,
           OLD.asked_at) THEN
        RAISE EXCEPTION 'UPDATE of backoffice_approval is refused: it is decided once, as asked'
            USING ERRCODE = 'PV010';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER backoffice_approval_once BEFORE UPDATE ON backoffice_approval
    FOR EACH ROW EXECUTE FUNCTION backoffice_guard_approval();
CREATE TRIGGER backoffice_approval_no_delete BEFORE DELETE ON backoffice_approval
    FOR EACH ROW EXECUTE FUNCTION backoffice_refuse_change();
CREATE TRIGGER backoffice_approval_no_truncate BEFORE TRUNCATE ON backoffice_approval
    FOR EACH STATEMENT EXECUTE FUNCTION backoffice_refuse_change();
