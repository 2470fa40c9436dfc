-- Where and when a device takes part (semantics §3): its location is open, and its own record says this location,
-- monitored and not closed; before its first record it takes part everywhere. Cut where it becomes, or ceases to
-- be, the primary device.
CREATE OR REPLACE TEMPORARY TABLE audit_presence AS
WITH
    devices AS
    (
        SELECT location_id, device_id, min(at) AS first_at FROM audit_samples GROUP BY location_id, device_id
    ),
    registered AS
    (
        SELECT d.location_id AS location_id, d.device_id AS device_id, greatest(d.first_at, v.`from`) AS since,
               if(v.known, least(v.`to`, v.closed_at), v.`to`) AS until
        FROM devices AS d
        INNER JOIN audit_versions AS v ON v.entity_id = d.device_id
        WHERE v.entity = 'device' AND (NOT v.known OR (v.location_id = d.location_id AND v.monitored))
        UNION ALL
        SELECT location_id, device_id, first_at, {never:Int64} FROM devices
        WHERE device_id NOT IN (SELECT entity_id FROM audit_versions WHERE entity = 'device')
    ),
    open AS
    (
        SELECT entity_id AS location_id, `from` AS since, if(known, least(`to`, closed_at), `to`) AS until, primary_device_id
        FROM audit_versions WHERE entity = 'location'
        UNION ALL
        SELECT location_id, {always:Int64}, {never:Int64}, '' FROM audit_locations
        WHERE location_id NOT IN (SELECT entity_id FROM audit_versions WHERE entity = 'location')
    )
SELECT r.location_id AS location_id, r.device_id AS device_id, greatest(r.since, o.since) AS since,
       least(r.until, o.until) AS until, r.device_id = o.primary_device_id AS is_primary
FROM registered AS r
INNER JOIN open AS o ON o.location_id = r.location_id
WHERE greatest(r.since, o.since) < least(r.until, o.until)
