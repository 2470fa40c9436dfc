-- The archive without what was refused: what every derivation works on (semantics §1).
-- A heartbeat that was received or read twice may stand twice: heartbeats and ticks are values, and two that say the
-- same are one.

CREATE OR REPLACE VIEW heartbeats_archived AS
SELECT
    location_id, device_id, occurred_at, status, interval_ms, collector_id,
    if(isNull(received_after_ms), toDateTime64(0, 3, 'UTC'), addMilliseconds(occurred_at, received_after_ms))
        ::DateTime64(3, 'UTC') AS received_at,
    buffered, _partition, _offset,
    addMilliseconds(occurred_at, ifNull(received_after_ms, 0) + _appended_after_ms) AS _timestamp
FROM heartbeats;

CREATE OR REPLACE VIEW heartbeats_accepted AS
SELECT * FROM heartbeats_archived
WHERE (_partition, _offset) NOT IN (
    SELECT toUInt16(partition), toUInt64(offset) FROM dead_letters
    WHERE topic = 'device-heartbeats' AND isNotNull(partition) AND isNotNull(offset));

CREATE OR REPLACE VIEW diagnoses_accepted AS
SELECT * FROM diagnoses FINAL
WHERE (_partition, _offset) NOT IN (
    SELECT toUInt16(partition), toUInt64(offset) FROM dead_letters
    WHERE topic = 'device-heartbeats' AND isNotNull(partition) AND isNotNull(offset));

CREATE OR REPLACE VIEW ticks_accepted AS
SELECT * FROM ticks
WHERE (_partition, _offset) NOT IN (
    SELECT toUInt16(partition), toUInt64(offset) FROM dead_letters
    WHERE topic = 'device-heartbeats' AND isNotNull(partition) AND isNotNull(offset));

CREATE OR REPLACE VIEW registry_accepted AS
SELECT * FROM registry FINAL
WHERE (_partition, _offset) NOT IN (
    SELECT toUInt16(partition), toUInt64(offset) FROM dead_letters
    WHERE topic = 'registry' AND isNotNull(partition) AND isNotNull(offset));

CREATE OR REPLACE VIEW outage_annotations_accepted AS
SELECT * FROM outage_annotations FINAL
WHERE (_partition, _offset) NOT IN (
    SELECT toUInt16(partition), toUInt64(offset) FROM dead_letters
    WHERE topic = 'outage-annotations' AND isNotNull(partition) AND isNotNull(offset));

CREATE OR REPLACE VIEW ticket_events_accepted AS
SELECT * FROM ticket_events FINAL
WHERE (_partition, _offset) NOT IN (
    SELECT toUInt16(partition), toUInt64(offset) FROM dead_letters
    WHERE topic = 'tickets' AND isNotNull(partition) AND isNotNull(offset));
