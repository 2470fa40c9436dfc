-- Devices that leave their interval to the registry, which does not always say the same about it.
CREATE OR REPLACE TEMPORARY TABLE audit_changing_devices AS
SELECT v.entity_id AS device_id
FROM audit_versions AS v
INNER JOIN
(
    SELECT toString(device_id) AS device_id, toUnixTimestamp64Milli(min(occurred_at)) AS first
    FROM heartbeats WHERE interval_ms = -1 GROUP BY device_id
) AS h ON h.device_id = v.entity_id
WHERE v.entity = 'device' AND v.`to` > h.first
GROUP BY v.entity_id
HAVING uniqExact(ifNull(v.interval_ms, 0)) > 1
