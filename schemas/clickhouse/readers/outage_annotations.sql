-- outage-annotations: why a stretch of time was as it was, and who says so.

CREATE TABLE topic_outage_annotations (value String)
ENGINE = Kafka SETTINGS {kafka}, kafka_topic_list = 'outage-annotations',
    kafka_group_name = '{group}outage-annotations', kafka_format = 'RawBLOB';

CREATE MATERIALIZED VIEW read_outage_annotations TO outage_annotations AS
WITH fivenines_event_fields(value, _headers.name, _headers.value) AS fields
SELECT
    fivenines_or_attribute(fields['id'], 'id', value, _headers.name, _headers.value) AS id,
    fivenines_text(fields['annotation_id']) AS annotation_id,
    toInt64OrNull(fields['revision']) AS revision,
    fivenines_text(fields['location_id']) AS location_id,
    fivenines_instant(fivenines_text(fields['from'])) AS `from`,
    fivenines_instant(fivenines_text(fields['to'])) AS `to`,
    fivenines_text(fields['cause']) AS cause,
    ifNull(fivenines_text(fields['state']), '') AS state,
    ifNull(fivenines_text(fields['author']), '') AS author,
    fivenines_text(fields['approved_by']) AS approved_by,
    if(fields['evidence'] IN ('', 'null'), NULL, fields['evidence']) AS evidence,
    fivenines_text(fields['proposal_id']) AS proposal_id,
    fivenines_instant(fivenines_text(fields['recorded_at'])) AS recorded_at,
    _key,
    value AS _value,
    arrayZip(_headers.name, _headers.value) AS _headers,
    _partition,
    _offset,
    ifNull(_timestamp_ms, toDateTime64(0, 3, 'UTC')) AS _timestamp
FROM topic_outage_annotations
WHERE annotation_id != '' AND location_id != '' AND revision IS NOT NULL AND cause != ''
    AND `from` IS NOT NULL AND recorded_at IS NOT NULL;
