-- What follows from it: a table per fact, its columns those of the written fact (schemas/facts), its key the fact's
-- identity. The greatest `version` is the newest; the later in the topic on a tie.

CREATE TABLE IF NOT EXISTS location_states
(
    location_id     LowCardinality(String),
    `from`          DateTime64(3, 'UTC'),
    `to`            Nullable(DateTime64(3, 'UTC')) COMMENT 'null: still so',
    state           LowCardinality(String),
    devices_up      Int64,
    devices_down    Int64,
    devices_unknown Int64,
    devices_silent  Int64 COMMENT 'of those down, by silence',
    resolution_ms   Nullable(Int64) COMMENT 'null: none has a hold',
    version         Int64,
    revision        Int64,
    retracted       Bool,
    terms           LowCardinality(String),
    fold_version    Int64,
    settings        String COMMENT 'a JSON object',
    _partition      UInt16,
    _offset         UInt64,
    _timestamp      DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (location_id, `from`);

CREATE TABLE IF NOT EXISTS location_outages
(
    outage_id    String,
    location_id  LowCardinality(String),
    started_at   DateTime64(3, 'UTC'),
    ended_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'null: open',
    kind         LowCardinality(String),
    devices      Int64 COMMENT 'down at its start',
    unknown_ms   Int64,
    supersedes   Nullable(String),
    source       Tuple(topic String, partition Int64, first_offset Int64, last_offset Int64) COMMENT 'an empty topic: not said',
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
ORDER BY outage_id;

CREATE TABLE IF NOT EXISTS availability
(
    account_id             LowCardinality(String),
    location_id            LowCardinality(String),
    month                  LowCardinality(String),
    covered_ms             Int64,
    up_ms                  Int64,
    down_ms                Int64,
    excluded_ms            Int64,
    unknown_ms             Int64,
    availability           Nullable(Decimal(10, 9)) COMMENT 'rounded down; null: nothing is covered',
    objective_met          Bool,
    budget_left_ms         Int64,
    incomplete             Bool,
    resolution_ms          Nullable(Int64),
    closed                 Bool,
    as_of                  DateTime64(3, 'UTC'),
    final_at               DateTime64(3, 'UTC'),
    terms_before_effective Bool COMMENT 'the month lies before the first effective date',
    version                Int64,
    revision               Int64,
    retracted              Bool,
    terms                  LowCardinality(String),
    fold_version           Int64,
    settings               String COMMENT 'a JSON object',
    _partition             UInt16,
    _offset                UInt64,
    _timestamp             DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account_id, location_id, month);

CREATE TABLE IF NOT EXISTS credits
(
    credit_id        String,
    account_id       LowCardinality(String),
    location_id      LowCardinality(String),
    month            LowCardinality(String),
    downtime_minutes Int64,
    credit_days      Int64,
    state            LowCardinality(String),
    eligible_at      DateTime64(3, 'UTC'),
    claim_deadline   DateTime64(3, 'UTC'),
    claimed_at       Nullable(DateTime64(3, 'UTC')),
    claim_ticket_id  Nullable(String),
    version          Int64,
    revision         Int64,
    retracted        Bool,
    terms            LowCardinality(String),
    fold_version     Int64,
    settings         String COMMENT 'a JSON object',
    _partition       UInt16,
    _offset          UInt64,
    _timestamp       DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account_id, location_id, month);

-- All that precedes `through` in an input partition has been published.
CREATE TABLE IF NOT EXISTS progress
(
    topic      LowCardinality(String),
    partition  Int64,
    through    DateTime64(3, 'UTC'),
    first      DateTime64(3, 'UTC') COMMENT 'since when it is listened to',
    version    Int64,
    _partition UInt16,
    _offset    UInt64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (topic, partition);
