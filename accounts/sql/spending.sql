-- What keys and members spend in a month, and their limits: counted in the transaction that holds
-- the money, given back in the one that resolves the hold.
--
-- The month is that of the moment given, which is the work's own: what is given back later goes
-- where it was taken. Lock order: the work's row, these rows (key, then member), hold, wallet.
ALTER TABLE accounts_spending SET (fillfactor = 50);

CREATE OR REPLACE FUNCTION accounts_month(p_at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date_trunc('month', p_at AT TIME ZONE 'UTC')::date;
$$;

-- PV010: the limit would be passed. DETAIL is a JSON object.
CREATE OR REPLACE FUNCTION accounts_refuse_spending(
    p_whose text, p_limit bigint, p_spent bigint, p_amount bigint, p_month date
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the month''s limit of this % would be passed', p_whose
        USING ERRCODE = 'PV010', DETAIL = json_build_object(
            'whose', p_whose, 'limit_micros', p_limit, 'spent_micros', coalesce(p_spent, 0),
            'required_micros', p_amount, 'resets_on', (p_month + interval '1 month')::date);
END $$;

-- Count p_amount, unless a limit refuses it. The gate is the row's own update, so that any number
-- of these at once pass no limit together.
CREATE OR REPLACE FUNCTION accounts_spend(
    p_organization uuid, p_api_key uuid, p_user bigint, p_at timestamptz, p_amount bigint
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_month date := accounts_month(p_at);
    v_limit bigint;
BEGIN
    IF p_api_key IS NOT NULL THEN
        SELECT monthly_budget_micros INTO v_limit FROM accounts_apikey WHERE id = p_api_key;
        INSERT INTO accounts_spending AS s (organization_id, api_key_id, month, spent_micros)
        SELECT p_organization, p_api_key, v_month, p_amount
         WHERE v_limit IS NULL OR p_amount <= v_limit
        ON CONFLICT (api_key_id, month) WHERE api_key_id IS NOT NULL
        DO UPDATE SET spent_micros = s.spent_micros + p_amount
         WHERE v_limit IS NULL OR s.spent_micros + p_amount <= v_limit;
        IF NOT FOUND THEN
            PERFORM accounts_refuse_spending('key', v_limit, (
                SELECT spent_micros FROM accounts_spending
                 WHERE api_key_id = p_api_key AND month = v_month), p_amount, v_month);
        END IF;
    END IF;
    IF p_user IS NOT NULL THEN
        SELECT monthly_limit_micros INTO v_limit FROM accounts_membership
         WHERE organization_id = p_organization AND user_id = p_user;
        INSERT INTO accounts_spending AS s (organization_id, user_id, month, spent_micros)
        SELECT p_organization, p_user, v_month, p_amount
         WHERE v_limit IS NULL OR p_amount <= v_limit
        ON CONFLICT (organization_id, user_id, month) WHERE user_id IS NOT NULL
        DO UPDATE SET spent_micros = s.spent_micros + p_amount
         WHERE v_limit IS NULL OR s.spent_micros + p_amount <= v_limit;
        IF NOT FOUND THEN
            PERFORM accounts_refuse_spending('member', v_limit, (
                SELECT spent_micros FROM accounts_spending
                 WHERE organization_id = p_organization AND user_id = p_user AND month = v_month),
                p_amount, v_month);
        END IF;
    END IF;
END $$;

-- Take back what was counted and then not charged. At most once for a hold: the caller's
-- transaction resolves the hold with it.
CREATE OR REPLACE FUNCTION accounts_give_back(
    p_organization uuid, p_api_key uuid, p_user bigint, p_at timestamptz, p_amount bigint
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_api_key IS NOT NULL THEN
        UPDATE accounts_spending SET spent_micros = spent_micros - p_amount
         WHERE api_key_id = p_api_key AND month = accounts_month(p_at);
    END IF;
    IF p_user IS NOT NULL THEN
        UPDATE accounts_spending SET spent_micros = spent_micros - p_amount
         WHERE organization_id = p_organization AND user_id = p_user
           AND month = accounts_month(p_at);
    END IF;
END $$;
