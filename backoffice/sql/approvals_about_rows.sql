-- What was asked for now also names its row and details: they are kept like the rest.
CREATE OR REPLACE FUNCTION backoffice_guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'waiting'
       OR (NEW.id, NEW.act, NEW.subject, NEW.subject_id, NEW.details, NEW.organization_id,
           NEW.amount_micros, NEW.reason, NEW.asked_by_id, NEW.asked_at)
          IS DISTINCT FROM
          (OLD.id, OLD.act, OLD.subject, OLD.subject_id, OLD.details, OLD.organization_id,
           OLD.amount_micros, OLD.reason, OLD.asked_by_id, OLD.asked_at) THEN
        RAISE EXCEPTION 'UPDATE of backoffice_approval is refused: it is decided once, as asked'
            USING ERRCODE = 'PV010';
    END IF;
    RETURN NEW;
END $$;
