-- The longest hold of the samples that speak in each row of the states.
CREATE OR REPLACE TEMPORARY TABLE audit_resolutions AS
SELECT s.location_id AS location_id, s.`from` AS `from`, max(h.hold_ms) AS resolution_ms
FROM audit_states AS s
INNER JOIN audit_holds AS h ON h.location_id = s.location_id
WHERE h.since < s.`to` AND h.until > s.`from`
GROUP BY location_id, `from`
