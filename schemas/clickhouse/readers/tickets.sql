-- tickets: what happened to a customer's requests.

CREATE TABLE topic_tickets (value String)
ENGINE = Kafka SETTINGS {kafka}, kafka_topic_list = 'tickets',
    kafka_group_name = '{group}tickets', kafka_format = 'RawBLOB';

CREATE MATERIALIZED VIEW read_tickets TO ticket_events AS
WITH fivenines_event_fields(value, _headers.name, _headers.value) AS fields
SELECT
    fivenines_or_attribute(fields['id'], 'id', value, _headers.name, _headers.value) AS id,
    fivenines_text(fields['ticket_id']) AS ticket_id,
    fivenines_text(fields['account_id']) AS account_id,
    fivenines_instant(fivenines_or_attribute(fields['occurred_at'], 'time', value, _headers.name, _headers.value)) AS occurred_at,
    ifNull(fivenines_text(fields['event_type']), '') AS event_type,
    fivenines_text(fields['ticket_type']) AS ticket_type,
    fivenines_text(fields['priority']) AS priority,
    fivenines_text(fields['status']) AS status,
    fivenines_text(fields['actor']) AS actor,
    fivenines_bool(fields['on_behalf']) AS on_behalf,
    fivenines_bool(fields['is_public']) AS is_public,
    fivenines_text(fields['channel']) AS channel,
    fivenines_text(fields['location_id']) AS location_id,
    fivenines_text(fields['outage_id']) AS outage_id,
    fivenines_text(fields['merged_into']) AS merged_into,
    fivenines_text(fields['month']) AS month,
    _key,
    value AS _value,
    arrayZip(_headers.name, _headers.value) AS _headers,
    _partition,
    _offset,
    ifNull(_timestamp_ms, toDateTime64(0, 3, 'UTC')) AS _timestamp
FROM topic_tickets
WHERE ticket_id != '' AND account_id != '' AND occurred_at IS NOT NULL;
