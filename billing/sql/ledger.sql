-- The ledger's movements. Each is one round trip: gate, rows, answer.
--
-- Refusals are raised, so that whatever stands in the caller's transaction goes with them:
--   PV001 insufficient credits   PV002 wallet in debt       PV003 wallet frozen
--   PV004 no such wallet         PV005 hold not active      PV006 capture above the hold
--   PV007 amount not positive
-- DETAIL carries a JSON object for the first ones. Lock order: (generation,) hold, wallet; a new
-- hold's row is nobody's yet, so `billing_place_hold` may take the wallet first.

-- Say why the gate refused. Returns only when the wallet has changed since, and would do now.
CREATE OR REPLACE FUNCTION billing_refuse(p_wallet uuid, p_amount bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE w billing_wallet%ROWTYPE;
BEGIN
    SELECT * INTO w FROM billing_wallet WHERE organization_id = p_wallet;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such wallet' USING ERRCODE = 'PV004';
    ELSIF w.frozen_at IS NOT NULL THEN
        RAISE EXCEPTION 'wallet is frozen' USING ERRCODE = 'PV003';
    ELSIF w.debt_micros > 0 THEN
        RAISE EXCEPTION 'wallet is in debt' USING ERRCODE = 'PV002',
            DETAIL = json_build_object('debt_micros', w.debt_micros);
    ELSIF w.balance_micros - w.held_micros < p_amount THEN
        RAISE EXCEPTION 'insufficient credits' USING ERRCODE = 'PV001',
            DETAIL = json_build_object(
                'required_micros', p_amount, 'available_micros', w.balance_micros - w.held_micros);
    END IF;
END $$;

-- The rows of a hold that the wallet `w`, as it is now, has just granted.
CREATE OR REPLACE FUNCTION billing_record_hold(
    w billing_wallet, p_hold uuid, p_amount bigint, p_reference text, p_expires_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_hold (id, organization_id, amount_micros, state, captured_micros,
                              reference, expires_at, created_at)
    VALUES (p_hold, w.organization_id, p_amount, 'active', 0, p_reference, p_expires_at,
            clock_timestamp());
    INSERT INTO billing_entry (organization_id, sequence, kind, account, amount_micros,
                               held_delta_micros, balance_after_micros, held_after_micros,
                               hold_id, reference, created_at)
    VALUES (w.organization_id, w.sequence, 'hold', 'held', 0, p_amount, w.balance_micros,
            w.held_micros, p_hold, p_reference, clock_timestamp());
END $$;

-- What a hold leaves, and whether that is below what someone watches (auto top-up, alerts).
CREATE TYPE billing_standing AS (available_micros bigint, is_low boolean);

CREATE OR REPLACE FUNCTION billing_place_hold(
    p_hold uuid, p_wallet uuid, p_amount bigint, p_reference text, p_expires_at timestamptz
) RETURNS billing_standing
LANGUAGE plpgsql AS $$
DECLARE w billing_wallet%ROWTYPE;
BEGIN
    IF (p_amount > 0) IS NOT TRUE THEN
        RAISE EXCEPTION 'a hold must be positive' USING ERRCODE = 'PV007';
    END IF;
    LOOP
        UPDATE billing_wallet
           SET held_micros = held_micros + p_amount, sequence = sequence + 1
         WHERE organization_id = p_wallet AND balance_micros - held_micros >= p_amount
           AND debt_micros = 0 AND frozen_at IS NULL
        RETURNING * INTO w;
        EXIT WHEN FOUND;
        PERFORM billing_refuse(p_wallet, p_amount);
    END LOOP;
    PERFORM billing_record_hold(w, p_hold, p_amount, p_reference, p_expires_at);
    RETURN (w.balance_micros - w.held_micros,
            coalesce(w.balance_micros - w.held_micros < w.watch_micros, false));
END $$;

-- Hold as much of p_amount as is available, also on a frozen wallet: a disputed payment's credits.
CREATE OR REPLACE FUNCTION billing_reserve(
    p_hold uuid, p_wallet uuid, p_amount bigint, p_reference text, p_expires_at timestamptz
) RETURNS bigint  -- what is held; 0 leaves no row
LANGUAGE plpgsql AS $$
DECLARE
    w billing_wallet%ROWTYPE;
    amount bigint;
BEGIN
    SELECT * INTO w FROM billing_wallet WHERE organization_id = p_wallet FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such wallet' USING ERRCODE = 'PV004';
    END IF;
    amount := LEAST(p_amount, w.balance_micros - w.held_micros);
    IF (amount > 0) IS NOT TRUE THEN
        RETURN 0;
    END IF;
    UPDATE billing_wallet SET held_micros = held_micros + amount, sequence = sequence + 1
     WHERE organization_id = p_wallet RETURNING * INTO w;
    PERFORM billing_record_hold(w, p_hold, amount, p_reference, p_expires_at);
    RETURN amount;
END $$;

-- One step of a wallet against a system account; the callers below have locked the wallet's row.
CREATE OR REPLACE FUNCTION billing_step(
    p_wallet uuid, p_kind text, p_account text, p_amount bigint,
    p_reference text, p_reason text, p_made_by bigint
) RETURNS billing_wallet
LANGUAGE plpgsql AS $$
DECLARE w billing_wallet%ROWTYPE;
BEGIN
    UPDATE billing_wallet
       SET balance_micros = balance_micros + p_amount, sequence = sequence + 1,
           debt_micros = debt_micros
               + CASE WHEN p_account = 'receivable' THEN p_amount ELSE 0 END
     WHERE organization_id = p_wallet
    RETURNING * INTO w;
    INSERT INTO billing_entry (organization_id, sequence, kind, account, amount_micros,
                               held_delta_micros, balance_after_micros, held_after_micros,
                               reference, reason, made_by_id, created_at)
    VALUES (p_wallet, w.sequence, p_kind, p_account, p_amount, 0, w.balance_micros, w.held_micros,
            p_reference, p_reason, p_made_by, clock_timestamp());
    RETURN w;
END $$;

-- Pay debt from whatever is available, with an entry of its own.
CREATE OR REPLACE FUNCTION billing_repay_debt(
    w billing_wallet, p_reference text, p_reason text, p_made_by bigint
) RETURNS billing_wallet
LANGUAGE plpgsql AS $$
DECLARE payment bigint := LEAST(w.debt_micros, w.balance_micros - w.held_micros);
BEGIN
    IF payment > 0 THEN
        w := billing_step(w.organization_id, 'debt_repayment', 'receivable', -payment,
                          p_reference, p_reason, p_made_by);
    END IF;
    RETURN w;
END $$;

-- Capture p_amount of a hold and release the rest. Zero releases it whole. Debt is paid from
-- what came back.
CREATE OR REPLACE FUNCTION billing_resolve_hold(p_hold uuid, p_amount bigint, p_reason text)
RETURNS bigint  -- what is available now
LANGUAGE plpgsql AS $$
DECLARE
    h billing_hold%ROWTYPE;
    w billing_wallet%ROWTYPE;
BEGIN
    UPDATE billing_hold
       SET state = CASE WHEN p_amount = 0 THEN 'released' ELSE 'captured' END,
           captured_micros = p_amount, resolved_at = clock_timestamp()
     WHERE id = p_hold AND state = 'active' AND p_amount BETWEEN 0 AND amount_micros
    RETURNING * INTO h;
    IF NOT FOUND THEN
        SELECT * INTO h FROM billing_hold WHERE id = p_hold;
        IF h.state = 'active' THEN
            RAISE EXCEPTION 'a capture is between zero and its hold' USING ERRCODE = 'PV006';
        END IF;
        RAISE EXCEPTION 'hold is not active' USING ERRCODE = 'PV005',
            DETAIL = json_build_object('state', h.state);
    END IF;
    UPDATE billing_wallet
       SET balance_micros = balance_micros - p_amount,
           held_micros = held_micros - h.amount_micros, sequence = sequence + 1
     WHERE organization_id = h.organization_id
    RETURNING * INTO w;
    INSERT INTO billing_entry (organization_id, sequence, kind, account, amount_micros,
                               held_delta_micros, balance_after_micros, held_after_micros,
                               hold_id, reference, reason, created_at)
    VALUES (h.organization_id, w.sequence,
            CASE WHEN p_amount = 0 THEN 'release' ELSE 'capture' END,
            CASE WHEN p_amount = 0 THEN 'held' ELSE 'revenue' END,
            -p_amount, -h.amount_micros, w.balance_micros, w.held_micros,
            p_hold, h.reference, p_reason, clock_timestamp());
    IF w.debt_micros > 0 THEN  -- what came back settles it
        w := billing_repay_debt(w, 'hold:' || p_hold, '', NULL);
    END IF;
    RETURN w.balance_micros - w.held_micros;
END $$;

-- The kinds and accounts of holds and debt are not for callers to post.
CREATE OR REPLACE FUNCTION billing_check_movement(p_kind text, p_account text, p_amount bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF (p_amount > 0) IS NOT TRUE THEN
        RAISE EXCEPTION 'a movement must be positive' USING ERRCODE = 'PV007';
    ELSIF p_kind IN ('hold', 'capture', 'release', 'debt', 'debt_repayment')
       OR p_account IN ('held', 'receivable') THEN
        RAISE EXCEPTION 'a % against % is not posted this way', p_kind, p_account
            USING ERRCODE = 'check_violation';
    END IF;
END $$;

-- Add credits. Debt is paid first, with an entry of its own.
CREATE OR REPLACE FUNCTION billing_credit(
    p_wallet uuid, p_kind text, p_account text, p_amount bigint,
    p_reference text, p_reason text, p_made_by bigint
) RETURNS bigint  -- what is available now
LANGUAGE plpgsql AS $$
DECLARE w billing_wallet%ROWTYPE;
BEGIN
    PERFORM billing_check_movement(p_kind, p_account, p_amount);
    PERFORM 1 FROM billing_wallet WHERE organization_id = p_wallet FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such wallet' USING ERRCODE = 'PV004';
    END IF;
    w := billing_step(p_wallet, p_kind, p_account, p_amount, p_reference, p_reason, p_made_by);
    IF w.debt_micros > 0 THEN
        w := billing_repay_debt(w, p_kind || ':' || p_reference, p_reason, p_made_by);
    END IF;
    RETURN w.balance_micros - w.held_micros;
END $$;

-- Take credits. What is not available is refused, or with p_into_debt advanced by `receivable`.
CREATE OR REPLACE FUNCTION billing_debit(
    p_wallet uuid, p_kind text, p_account text, p_amount bigint,
    p_reference text, p_reason text, p_made_by bigint, p_into_debt boolean
) RETURNS bigint  -- what is available now
LANGUAGE plpgsql AS $$
DECLARE
    w billing_wallet%ROWTYPE;
    short bigint;
BEGIN
    PERFORM billing_check_movement(p_kind, p_account, p_amount);
    SELECT * INTO w FROM billing_wallet WHERE organization_id = p_wallet FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such wallet' USING ERRCODE = 'PV004';
    END IF;
    short := p_amount - (w.balance_micros - w.held_micros);
    IF short > 0 THEN
        IF NOT p_into_debt THEN
            RAISE EXCEPTION 'insufficient credits' USING ERRCODE = 'PV001',
                DETAIL = json_build_object(
                    'required_micros', p_amount,
                    'available_micros', w.balance_micros - w.held_micros);
        END IF;
        w := billing_step(p_wallet, 'debt', 'receivable', short,
                          p_kind || ':' || p_reference, p_reason, p_made_by);
    END IF;
    w := billing_step(p_wallet, p_kind, p_account, -p_amount, p_reference, p_reason, p_made_by);
    RETURN w.balance_micros - w.held_micros;
END $$;
