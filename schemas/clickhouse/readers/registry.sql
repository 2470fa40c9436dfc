-- registry: versions of whom the platform serves, where and with what.

CREATE TABLE topic_registry (value String)
ENGINE = Kafka SETTINGS {kafka}, kafka_topic_list = 'registry',
    kafka_group_name = '{group}registry', kafka_format = 'RawBLOB';

CREATE MATERIALIZED VIEW read_registry TO registry AS
WITH fivenines_event_fields(value, _headers.name, _headers.value) AS fields
SELECT
    fivenines_text(fields['entity']) AS entity,
    fivenines_text(fields[transform(entity,
        ['account', 'plan', 'location', 'device', 'number', 'campaign', 'destination_class', 'do_not_call',
            'reconciliation'],
        ['account_id', 'plan_id', 'location_id', 'device_id', 'e164', 'campaign_id', 'prefix', 'e164',
            'reconciliation_id'], '')]) AS entity_id,
    fivenines_instant(fivenines_text(fields['valid_from'])) AS valid_from,
    fivenines_instant(fivenines_text(fields['recorded_at'])) AS recorded_at,
    fivenines_event(value, _headers.name, _headers.value) AS record,
    _key,
    value AS _value,
    arrayZip(_headers.name, _headers.value) AS _headers,
    _partition,
    _offset,
    ifNull(_timestamp_ms, toDateTime64(0, 3, 'UTC')) AS _timestamp
FROM topic_registry
WHERE entity_id != '' AND valid_from IS NOT NULL AND recorded_at IS NOT NULL;
