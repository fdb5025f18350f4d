-- One row of the trail for each row of {table}. What there was before is the row's previous state.
SELECT '{table}:' || h.pgh_id AS id,
       h.pgh_created_at AS at,
       (h.pgh_context ->> 'user')::bigint AS actor_id,
       h.pgh_context ->> 'address' AS address,
       h.pgh_context ->> 'url' AS path,
       h.pgh_label AS act,
       '{subject}' AS subject,
       h.pgh_obj_id::text AS subject_id,
       {organization} AS organization_id,
       h.pgh_context ->> 'reason' AS reason,
       CASE h.pgh_label
           WHEN 'insert' THEN NULL
           WHEN 'delete' THEN audit_facts(to_jsonb(h))
           ELSE (SELECT audit_facts(to_jsonb(p)) FROM {table} p
                  WHERE p.pgh_obj_id = h.pgh_obj_id AND p.pgh_id < h.pgh_id
                  ORDER BY p.pgh_id DESC LIMIT 1)
       END AS before,
       CASE h.pgh_label WHEN 'delete' THEN NULL ELSE audit_facts(to_jsonb(h)) END AS after
  FROM {table} h
 WHERE h.pgh_label <> 'snapshot'
