-- What the world told us, as it arrived (semantics §6). `_key, _value, _headers, _partition, _offset, _timestamp` are the
-- Kafka message's own; a message that is read twice is one row (partition, offset).
-- Months are those of arrival: the broker's clock cannot be told to open a hundred partitions at once.

-- A heartbeat's state, and nothing that is random. The two arrivals are written as instants and kept as delays, which
-- take a third less room or better: `heartbeats_archived` and `heartbeats_accepted` show them as instants again.
-- What is left is the milliseconds' noise, over a byte for each time. T64('byte') parts it from the bytes that repeat, and
-- large blocks let ZSTD find what devices have in common. Delays have no Delta: each is noise anew, a difference is two.
CREATE TABLE IF NOT EXISTS heartbeats
(
    location_id        LowCardinality(String) CODEC(ZSTD(1)),
    device_id          LowCardinality(String) CODEC(ZSTD(1)),
    occurred_at        DateTime64(3, 'UTC') CODEC(Delta, T64('byte'), ZSTD(6)),
    status             Enum8('down' = 0, 'up' = 1) CODEC(ZSTD(1)),
    interval_ms        Int64 COMMENT 'how often it reports; 0: changes only (null); -1: not said' CODEC(ZSTD(1)),
    collector_id       LowCardinality(String) COMMENT 'empty: none' CODEC(ZSTD(1)),
    received_at        DateTime64(3, 'UTC') EPHEMERAL COMMENT '1970-01-01: not said',
    received_after_ms  Nullable(Int64)
                       DEFAULT if(received_at = 0, NULL, -- its place holds a zero, which takes no room
                                  dateDiff('millisecond', occurred_at, if(received_at = 0, occurred_at, received_at)))
                       COMMENT 'null: not said' CODEC(T64('byte'), ZSTD(6)),
    buffered           Bool CODEC(ZSTD(1)),
    _partition         UInt16 CODEC(ZSTD(1)),
    _offset            UInt64 CODEC(Delta, T64('byte'), ZSTD(6)),
    _timestamp         DateTime64(3, 'UTC') EPHEMERAL,
    _appended_after_ms Int64
                       DEFAULT dateDiff('millisecond', occurred_at, _timestamp) - ifNull(received_after_ms, 0)
                       COMMENT 'after it was received, else after it occurred' CODEC(T64('byte'), ZSTD(6)),
    INDEX occurred_at occurred_at TYPE minmax
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(addMilliseconds(occurred_at, ifNull(received_after_ms, 0) + _appended_after_ms))
ORDER BY (location_id, device_id, occurred_at, _partition, _offset)
SETTINGS min_compress_block_size = 1048576;

-- What else a heartbeat said: for people, and for as long as they may look.
CREATE TABLE IF NOT EXISTS heartbeat_details
(
    location_id         LowCardinality(String),
    device_id           LowCardinality(String),
    occurred_at         DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    id                  String,
    reported_cause      LowCardinality(String) COMMENT 'empty: none',
    registration_status LowCardinality(String),
    uptime_s            Nullable(Float64),
    server_downtime_s   Nullable(Float64),
    rtt_ms              Nullable(Float64),
    jitter_ms           Nullable(Float64),
    packet_loss_pct     Nullable(Float64),
    mos                 Nullable(Float64),
    power_source        LowCardinality(String),
    _partition          UInt16,
    _offset             UInt64 CODEC(DoubleDelta, ZSTD(1)),
    _timestamp          DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (location_id, device_id, occurred_at, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 35 DAY;

-- "I was listening": a collector's word to each partition.
CREATE TABLE IF NOT EXISTS ticks
(
    collector_id LowCardinality(String),
    occurred_at  DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    _partition   UInt16,
    _offset      UInt64 CODEC(DoubleDelta, ZSTD(1)),
    _timestamp   DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, collector_id, occurred_at, _offset);

-- Few and precious: whole messages, so that they can be judged again as they came; `record` is the event inside.
CREATE TABLE IF NOT EXISTS registry
(
    entity      LowCardinality(String),
    entity_id   String,
    valid_from  DateTime64(3, 'UTC'),
    recorded_at DateTime64(3, 'UTC'),
    record      String,
    _key        String,
    _value      String,
    _headers    Array(Tuple(name String, value String)),
    _partition  UInt16,
    _offset     UInt64,
    _timestamp  DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (_partition, _offset);

CREATE TABLE IF NOT EXISTS outage_annotations
(
    id            String,
    annotation_id String,
    revision      Int64,
    location_id   String,
    `from`        DateTime64(3, 'UTC'),
    `to`          Nullable(DateTime64(3, 'UTC')) COMMENT 'null: until the outage ends',
    cause         LowCardinality(String),
    state         LowCardinality(String),
    author        String,
    approved_by   Nullable(String),
    evidence      Nullable(String) COMMENT 'JSON',
    proposal_id   Nullable(String),
    recorded_at   DateTime64(3, 'UTC'),
    _key          String,
    _value        String,
    _headers      Array(Tuple(name String, value String)),
    _partition    UInt16,
    _offset       UInt64,
    _timestamp    DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (_partition, _offset);

CREATE TABLE IF NOT EXISTS ticket_events
(
    id          String,
    ticket_id   String,
    account_id  String,
    occurred_at DateTime64(3, 'UTC'),
    event_type  LowCardinality(String),
    ticket_type LowCardinality(Nullable(String)),
    priority    LowCardinality(Nullable(String)),
    status      LowCardinality(Nullable(String)),
    actor       LowCardinality(Nullable(String)),
    on_behalf   Nullable(Bool),
    is_public   Nullable(Bool),
    channel     LowCardinality(Nullable(String)),
    location_id Nullable(String),
    outage_id   Nullable(String),
    merged_into Nullable(String),
    month       Nullable(String),
    _key        String,
    _value      String,
    _headers    Array(Tuple(name String, value String)),
    _partition  UInt16,
    _offset     UInt64,
    _timestamp  DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (_partition, _offset);

-- What was refused, and why: a message has one refusal, and a refusal may be published twice.
CREATE TABLE IF NOT EXISTS dead_letters
(
    topic        LowCardinality(Nullable(String)),
    partition    Nullable(Int64),
    offset       Nullable(Int64),
    line         Nullable(Int64),
    reason       LowCardinality(String),
    detail       String,
    payload_hash String,
    size         Int64,
    body         String CODEC(ZSTD(3)),
    _partition   UInt16,
    _offset      UInt64,
    _timestamp   DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, offset, line)
SETTINGS allow_nullable_key = 1;

-- Messages on our own topics that ClickHouse could not read: a fault to be looked at, and nothing waits for it.
CREATE TABLE IF NOT EXISTS unreadable
(
    topic      LowCardinality(String),
    partition  UInt16,
    offset     UInt64,
    error      String,
    raw        String CODEC(ZSTD(3)),
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, offset);
