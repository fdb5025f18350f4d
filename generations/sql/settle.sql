-- Resolving a job's hold, and giving back to the month's limits what was not charged: one round
-- trip, in the transaction that ends the job. Raises as billing_resolve_hold does, and then nothing
-- of it stays.
CREATE OR REPLACE FUNCTION generations_resolve(p_id uuid, p_charged bigint, p_reason text)
RETURNS bigint  -- what the wallet has available now
LANGUAGE plpgsql AS $$
DECLARE g generations_generation%ROWTYPE;
BEGIN
    SELECT * INTO g FROM generations_generation WHERE id = p_id;
    IF g.quoted_micros > p_charged THEN
        PERFORM accounts_give_back(g.organization_id, g.api_key_id, g.created_by_id, g.created_at,
                                   g.quoted_micros - p_charged);
    END IF;
    RETURN billing_resolve_hold(p_id, p_charged, p_reason);
END $$;
