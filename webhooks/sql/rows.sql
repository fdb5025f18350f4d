-- A UUIDv7 where rows are made by INSERT ... SELECT (servers before PostgreSQL 18 have none).
CREATE OR REPLACE FUNCTION webhooks_new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint)
                                      FROM 3)
                    FROM 1 FOR 6),
            52, 1), 53, 1), 'hex')::uuid
$$;

CREATE OR REPLACE FUNCTION webhooks_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: rows are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'PV010';
END $$;
CREATE TRIGGER webhooks_attempt_append_only BEFORE UPDATE ON webhooks_attempt
    FOR EACH ROW EXECUTE FUNCTION webhooks_refuse_change();
CREATE TRIGGER webhooks_event_append_only BEFORE UPDATE ON webhooks_event
    FOR EACH ROW EXECUTE FUNCTION webhooks_refuse_change();
