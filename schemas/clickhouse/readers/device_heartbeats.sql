-- device-heartbeats: samples into `heartbeats` and `heartbeat_details`, those that report a cause into `diagnoses`, too,
-- ticks into `ticks`; what is none of these is a dead letter. One view hangs on the topic, so that no message can pass
-- before the others are there.

CREATE TABLE topic_device_heartbeats (value String)
ENGINE = Kafka SETTINGS {kafka}, kafka_topic_list = 'device-heartbeats',
    kafka_group_name = '{group}device-heartbeats', kafka_format = 'RawBLOB';

CREATE TABLE said_device_heartbeats
(
    fields     Map(String, String),
    id         String,
    time       Nullable(DateTime64(3, 'UTC')),
    _key       String,
    _value     String,
    _headers   Array(Tuple(name String, value String)),
    _partition UInt16,
    _offset    UInt64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE MATERIALIZED VIEW read_heartbeats TO heartbeats AS
WITH toFloat64OrNull(fields['interval_s']) AS interval_s
SELECT
    fivenines_text(fields['location_id']) AS location_id,
    fivenines_text(fields['device_id']) AS device_id,
    time AS occurred_at,
    if(fields['status'] = '"down"', 'down', 'up') AS status,
    multiIf(fields['interval_s'] = '', -1, fields['interval_s'] = 'null', 0,
            interval_s > 0 AND interval_s <= 31622400, toInt64(greatest(1, round(interval_s * 1000))), NULL) AS interval_ms,
    ifNull(fivenines_text(fields['collector_id']), '') AS collector_id,
    ifNull(fivenines_instant(fivenines_text(fields['received_at'])), toDateTime64(0, 3, 'UTC')) AS received_at,
    fields['buffered'] = 'true' AS buffered,
    _partition, _offset, _timestamp
FROM said_device_heartbeats
WHERE id != '' AND location_id != '' AND device_id != '' AND occurred_at IS NOT NULL AND interval_ms IS NOT NULL
    AND fields['status'] IN ('', 'null', '"up"', '"down"');

CREATE MATERIALIZED VIEW read_heartbeat_details TO heartbeat_details AS
SELECT
    fivenines_text(fields['location_id']) AS location_id,
    fivenines_text(fields['device_id']) AS device_id,
    time AS occurred_at,
    id,
    ifNull(fivenines_text(fields['reported_cause']), '') AS reported_cause,
    ifNull(fivenines_text(fields['registration_status']), '') AS registration_status,
    toFloat64OrNull(fields['uptime_s']) AS uptime_s,
    toFloat64OrNull(fields['server_downtime_s']) AS server_downtime_s,
    toFloat64OrNull(fields['rtt_ms']) AS rtt_ms,
    toFloat64OrNull(fields['jitter_ms']) AS jitter_ms,
    toFloat64OrNull(fields['packet_loss_pct']) AS packet_loss_pct,
    toFloat64OrNull(fields['mos']) AS mos,
    ifNull(fivenines_text(fields['power_source']), '') AS power_source,
    _partition, _offset, _timestamp
FROM said_device_heartbeats
WHERE id != '' AND location_id != '' AND device_id != '' AND occurred_at IS NOT NULL;

CREATE MATERIALIZED VIEW read_diagnoses TO diagnoses AS
SELECT
    fivenines_text(fields['location_id']) AS location_id,
    fivenines_text(fields['device_id']) AS device_id,
    time AS occurred_at,
    fivenines_text(fields['reported_cause']) AS reported_cause,
    _key, _value, _headers, _partition, _offset, _timestamp
FROM said_device_heartbeats
WHERE reported_cause != '' AND id != '' AND location_id != '' AND device_id != '' AND occurred_at IS NOT NULL;

CREATE MATERIALIZED VIEW read_ticks TO ticks AS
SELECT fivenines_text(fields['collector_id']) AS collector_id, time AS occurred_at, _partition, _offset, _timestamp
FROM said_device_heartbeats
WHERE NOT mapContains(fields, 'device_id') AND NOT mapContains(fields, 'location_id')
    AND id != '' AND collector_id != '' AND occurred_at IS NOT NULL;

CREATE MATERIALIZED VIEW read_device_heartbeats TO said_device_heartbeats AS
SELECT
    fivenines_event_fields(value, _headers.name, _headers.value) AS fields,
    fivenines_or_attribute(fields['id'], 'id', value, _headers.name, _headers.value) AS id,
    fivenines_instant(fivenines_or_attribute(fields['occurred_at'], 'time', value, _headers.name, _headers.value)) AS time,
    _key, value AS _value, arrayZip(_headers.name, _headers.value) AS _headers,
    _partition, _offset, ifNull(_timestamp_ms, toDateTime64(0, 3, 'UTC')) AS _timestamp
FROM topic_device_heartbeats;
