-- What the database refuses of teams, whichever path is taken: ORM, admin or psql.

CREATE OR REPLACE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'PV011';
END $$;

-- The audit log only grows. A row-level trigger does not stop TRUNCATE.
CREATE TRIGGER accounts_act_append_only BEFORE UPDATE OR DELETE ON accounts_memberact
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change('acts are only ever added');
CREATE TRIGGER accounts_act_no_truncate BEFORE TRUNCATE ON accounts_memberact
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change('acts are only ever added');

-- An organization that has members has an owner. The organization's row is locked first, so that
-- two owners who step down at once are seen one after the other: each statement of a function
-- sees what has been committed before it.
CREATE OR REPLACE FUNCTION accounts_keep_an_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM accounts_organization WHERE id = OLD.organization_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM accounts_membership WHERE organization_id = OLD.organization_id)
       AND NOT EXISTS (SELECT FROM accounts_membership
                        WHERE organization_id = OLD.organization_id AND role = 'owner') THEN
        RAISE EXCEPTION 'organization % would have no owner', OLD.organization_id
            USING ERRCODE = 'PV012';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_owner_steps_down AFTER UPDATE OF role, organization_id ON accounts_membership
    FOR EACH ROW WHEN (OLD.role = 'owner'
                       AND (NEW.role <> 'owner' OR NEW.organization_id <> OLD.organization_id))
    EXECUTE FUNCTION accounts_keep_an_owner();
CREATE TRIGGER accounts_owner_goes AFTER DELETE ON accounts_membership
    FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION accounts_keep_an_owner();
