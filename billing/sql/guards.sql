-- What the database refuses, whichever path is taken: ORM, admin or psql.

CREATE OR REPLACE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'PV010';
END $$;

-- Entries and prices only grow. A row-level trigger does not stop TRUNCATE.
CREATE TRIGGER billing_entry_append_only BEFORE UPDATE OR DELETE ON billing_entry
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('entries are only ever added');
CREATE TRIGGER billing_entry_no_truncate BEFORE TRUNCATE ON billing_entry
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('entries are only ever added');
CREATE TRIGGER billing_price_append_only BEFORE UPDATE OR DELETE ON billing_price
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('a new price supersedes the old one');
CREATE TRIGGER billing_price_no_truncate BEFORE TRUNCATE ON billing_price
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('a new price supersedes the old one');

-- PostgreSQL parses a trigger's WHEN again in each statement: on the ledger's own path these two
-- tables have short ones, and the functions behind them look closer.

-- A hold is resolved once, and stays; while active it keeps its terms.
CREATE TRIGGER billing_hold_resolved_once BEFORE UPDATE ON billing_hold
    FOR EACH ROW WHEN (OLD.resolved_at IS NOT NULL)
    EXECUTE FUNCTION billing_refuse_change('the hold is resolved');
CREATE OR REPLACE FUNCTION billing_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.organization_id, NEW.amount_micros, NEW.reference) IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.amount_micros, OLD.reference) THEN
        RAISE EXCEPTION 'UPDATE of billing_hold is refused: a hold keeps its amount, wallet and '
            'reference' USING ERRCODE = 'PV010';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_hold_terms_fixed
    BEFORE UPDATE OF id, organization_id, amount_micros, reference ON billing_hold
    FOR EACH ROW EXECUTE FUNCTION billing_guard_hold();
CREATE TRIGGER billing_hold_no_delete BEFORE DELETE ON billing_hold
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('holds are kept');
CREATE TRIGGER billing_hold_no_truncate BEFORE TRUNCATE ON billing_hold
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('holds are kept');

-- Money moves with an entry or not at all: a save() of a stale row does not raise the sequence.
CREATE OR REPLACE FUNCTION billing_guard_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.balance_micros, NEW.held_micros, NEW.debt_micros, NEW.sequence) IS DISTINCT FROM
       (OLD.balance_micros, OLD.held_micros, OLD.debt_micros, OLD.sequence) THEN
        RAISE EXCEPTION 'UPDATE of billing_wallet is refused: money moves with a ledger entry'
            USING ERRCODE = 'PV010';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_wallet_moves_with_entry BEFORE UPDATE ON billing_wallet
    FOR EACH ROW WHEN (NEW.sequence <> OLD.sequence + 1) EXECUTE FUNCTION billing_guard_wallet();
CREATE TRIGGER billing_wallet_opens_empty BEFORE INSERT ON billing_wallet
    FOR EACH ROW WHEN ((NEW.balance_micros, NEW.held_micros, NEW.debt_micros, NEW.sequence)
                       IS DISTINCT FROM (0::bigint, 0::bigint, 0::bigint, 0::bigint))
    EXECUTE FUNCTION billing_refuse_change('money moves with a ledger entry');
CREATE TRIGGER billing_wallet_keeps_id BEFORE UPDATE ON billing_wallet
    FOR EACH ROW WHEN (NEW.organization_id <> OLD.organization_id)
    EXECUTE FUNCTION billing_refuse_change('a wallet keeps its organization');
CREATE TRIGGER billing_wallet_no_delete BEFORE DELETE ON billing_wallet
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('wallets are kept');

-- Every organization has a wallet, whoever makes it.
CREATE OR REPLACE FUNCTION billing_open_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_wallet (organization_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER billing_open_wallet AFTER INSERT ON accounts_organization
    FOR EACH ROW EXECUTE FUNCTION billing_open_wallet();

-- Updates of a wallet stay on their page: no index on a changing column, and room to move.
ALTER TABLE billing_wallet SET (fillfactor = 50);
ALTER TABLE billing_hold SET (fillfactor = 80);
