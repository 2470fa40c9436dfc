-- Every location that was heard of, and its partition: where its heartbeats stand, else where its key belongs.
CREATE OR REPLACE TEMPORARY TABLE audit_locations AS
SELECT location_id, max(rows) AS heartbeats, argMax(partition, rows) AS partition
FROM
(
    SELECT toString(location_id) AS location_id, count() AS rows, min(_partition) AS partition
    FROM heartbeats GROUP BY location_id
    UNION ALL
    SELECT entity_id, 0, bitAnd(kafkaMurmurHash(entity_id), 0x7FFFFFFF) % {partitions:UInt16}
    FROM audit_versions WHERE entity = 'location'
)
GROUP BY location_id
ORDER BY location_id
