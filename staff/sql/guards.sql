-- What was said about a difference stays said.
CREATE TRIGGER staff_note_append_only BEFORE UPDATE OR DELETE ON staff_differencenote
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change('notes are only ever added');
CREATE TRIGGER staff_note_no_truncate BEFORE TRUNCATE ON staff_differencenote
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change('notes are only ever added');
