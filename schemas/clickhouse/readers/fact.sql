-- A topic of our own into its table; filled in for each of them. The columns are the table's, so that they stand once.
-- Progress records stand between the facts of a topic: they name no `{key}`, and are left out.

CREATE TABLE topic_{table}
ENGINE = Kafka SETTINGS {kafka}, kafka_topic_list = '{topic}',
    kafka_group_name = '{group}{topic}', kafka_format = 'JSONEachRow',
    input_format_skip_unknown_fields = 1, date_time_input_format = 'best_effort'
EMPTY AS SELECT * EXCEPT (_partition, _offset, _timestamp) FROM {table};

CREATE MATERIALIZED VIEW read_{table} TO {table} AS
SELECT *, _partition, _offset, ifNull(_timestamp_ms, toDateTime64(0, 3, 'UTC')) AS _timestamp
FROM topic_{table}
WHERE _error = '' AND {key} != '';

CREATE MATERIALIZED VIEW read_{table}_unreadable TO unreadable AS
SELECT
    _topic AS topic, _partition AS partition, _offset AS offset, _error AS error, _raw_message AS raw,
    ifNull(_timestamp_ms, toDateTime64(0, 3, 'UTC')) AS _timestamp
FROM topic_{table}
WHERE _error != '';
