-- What the database refuses about payments: facts from outside are kept, and their amounts fixed.

CREATE TRIGGER billing_payment_event_no_delete BEFORE DELETE ON billing_paymentevent
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('events are only ever added');
CREATE TRIGGER billing_payment_event_no_truncate BEFORE TRUNCATE ON billing_paymentevent
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('events are only ever added');
CREATE TRIGGER billing_payment_event_fixed
    BEFORE UPDATE OF id, type, object_id, livemode, payload, happened_at, received_at,
                     found_by_sweep ON billing_paymentevent
    FOR EACH ROW WHEN ((NEW.id, NEW.type, NEW.object_id, NEW.livemode, NEW.payload,
                        NEW.happened_at, NEW.received_at, NEW.found_by_sweep) IS DISTINCT FROM
                       (OLD.id, OLD.type, OLD.object_id, OLD.livemode, OLD.payload,
                        OLD.happened_at, OLD.received_at, OLD.found_by_sweep))
    EXECUTE FUNCTION billing_refuse_change('an event stays as it came');

CREATE TRIGGER billing_top_up_no_delete BEFORE DELETE ON billing_topup
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('top-ups are kept');
CREATE TRIGGER billing_top_up_no_truncate BEFORE TRUNCATE ON billing_topup
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('top-ups are kept');
CREATE TRIGGER billing_top_up_fixed
    BEFORE UPDATE OF id, organization_id, kind, amount_micros, livemode ON billing_topup
    FOR EACH ROW WHEN ((NEW.id, NEW.organization_id, NEW.kind, NEW.amount_micros, NEW.livemode)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.kind, OLD.amount_micros, OLD.livemode))
    EXECUTE FUNCTION billing_refuse_change('a top-up keeps its amount and owner');
CREATE TRIGGER billing_top_up_paid_once BEFORE UPDATE OF state, bonus_micros ON billing_topup
    FOR EACH ROW WHEN (OLD.state = 'paid' AND (NEW.state, NEW.bonus_micros)
                       IS DISTINCT FROM (OLD.state, OLD.bonus_micros))
    EXECUTE FUNCTION billing_refuse_change('the top-up is paid');

CREATE TRIGGER billing_refund_no_delete BEFORE DELETE ON billing_refund
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('refunds are kept');
CREATE TRIGGER billing_refund_no_truncate BEFORE TRUNCATE ON billing_refund
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('refunds are kept');
CREATE TRIGGER billing_refund_fixed BEFORE UPDATE OF top_up_id, amount_micros ON billing_refund
    FOR EACH ROW WHEN ((NEW.top_up_id, NEW.amount_micros)
                       IS DISTINCT FROM (OLD.top_up_id, OLD.amount_micros))
    EXECUTE FUNCTION billing_refuse_change('a refund keeps its amount and payment');
CREATE TRIGGER billing_dispute_no_delete BEFORE DELETE ON billing_dispute
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('disputes are kept');
CREATE TRIGGER billing_dispute_no_truncate BEFORE TRUNCATE ON billing_dispute
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('disputes are kept');
CREATE TRIGGER billing_redemption_append_only BEFORE UPDATE OR DELETE ON billing_redemption
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('redemptions are only ever added');
CREATE TRIGGER billing_redemption_no_truncate BEFORE TRUNCATE ON billing_redemption
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('redemptions are only ever added');
CREATE TRIGGER billing_freeze_no_delete BEFORE DELETE ON billing_freeze
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('freezes are lifted, not deleted');

-- A wallet is frozen while any cause stands, and only then. The wallet's lock comes first: the
-- UPDATE then sees what whoever held it has committed, also in the other tables that it reads.
CREATE OR REPLACE FUNCTION billing_refreeze() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM billing_wallet w WHERE w.organization_id = NEW.organization_id
        FOR NO KEY UPDATE;
    UPDATE billing_wallet w
       SET frozen_at = (SELECT min(f.placed_at) FROM billing_freeze f
                         WHERE f.organization_id = w.organization_id AND f.lifted_at IS NULL)
     WHERE w.organization_id = NEW.organization_id;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_refreeze AFTER INSERT OR UPDATE ON billing_freeze
    FOR EACH ROW EXECUTE FUNCTION billing_refreeze();

-- What to watch a wallet for: the highest figure below which somebody wants something to happen.
CREATE OR REPLACE FUNCTION billing_rewatch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner uuid := coalesce(NEW.organization_id, OLD.organization_id);
BEGIN
    PERFORM 1 FROM billing_wallet w WHERE w.organization_id = owner FOR NO KEY UPDATE;
    UPDATE billing_wallet w
       SET watch_micros = greatest(
           (SELECT a.threshold_micros FROM billing_autotopup a
             WHERE a.organization_id = w.organization_id AND a.enabled),
           (SELECT b.threshold_micros FROM billing_balancealert b
             WHERE b.organization_id = w.organization_id AND b.told_at IS NULL))
     WHERE w.organization_id = owner;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_rewatch_auto AFTER INSERT OR UPDATE OF enabled, threshold_micros
    ON billing_autotopup FOR EACH ROW EXECUTE FUNCTION billing_rewatch();
CREATE TRIGGER billing_rewatch_alert
    AFTER INSERT OR DELETE OR UPDATE OF threshold_micros, told_at
    ON billing_balancealert FOR EACH ROW EXECUTE FUNCTION billing_rewatch();
