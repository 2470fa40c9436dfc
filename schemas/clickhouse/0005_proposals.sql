-- Why an outage was, as the devices say it: what they said, and what is proposed because of it.

-- The heartbeats that report a cause. Few and precious: whole messages, for as long as the heartbeats, because proposals
-- follow from them; of all others such details are kept for people, and for a while.
CREATE TABLE IF NOT EXISTS diagnoses
(
    location_id    LowCardinality(String),
    device_id      LowCardinality(String),
    occurred_at    DateTime64(3, 'UTC'),
    reported_cause LowCardinality(String),
    _key           String,
    _value         String,
    _headers       Array(Tuple(name String, value String)),
    _partition     UInt16,
    _offset        UInt64,
    _timestamp     DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (location_id, _partition, _offset);

CREATE TABLE IF NOT EXISTS exclusion_proposals
(
    proposal_id  String,
    location_id  LowCardinality(String),
    `from`       DateTime64(3, 'UTC'),
    `to`         Nullable(DateTime64(3, 'UTC')) COMMENT 'null: the outage is open',
    cause        LowCardinality(String),
    evidence     Array(Tuple(at DateTime64(3, 'UTC'), device_id String, cause String, uptime_s Nullable(Float64), server_downtime_s Nullable(Float64)))
        COMMENT 'what the devices said',
    version      Int64,
    revision     Int64,
    retracted    Bool,
    terms        LowCardinality(String),
    fold_version Int64,
    settings     String COMMENT 'a JSON object',
    _partition   UInt16,
    _offset      UInt64,
    _timestamp   DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY proposal_id;
