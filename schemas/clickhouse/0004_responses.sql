-- What follows from tickets: whether each was answered in time, and each account's month.

CREATE TABLE IF NOT EXISTS ticket_responses
(
    ticket_id    String,
    account_id   LowCardinality(String),
    month        LowCardinality(String) COMMENT 'that of its creation',
    ticket_type  LowCardinality(String),
    counted      LowCardinality(String) COMMENT 'total, apart, or why neither',
    priority     LowCardinality(String),
    window       LowCardinality(String) COMMENT 'contact or other, at its creation',
    created_at   DateTime64(3, 'UTC'),
    due_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'null: the clock stands',
    responded_at Nullable(DateTime64(3, 'UTC')),
    missed_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'null: not missed',
    closed_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'null: open',
    outcome      LowCardinality(String),
    holidays     LowCardinality(String) COMMENT 'who named them',
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
ORDER BY (account_id, ticket_id);

CREATE TABLE IF NOT EXISTS response_monthly
(
    account_id   LowCardinality(String),
    month        LowCardinality(String),
    priority     LowCardinality(String) COMMENT 'all: of any',
    window       LowCardinality(String) COMMENT 'all: of both',
    total        Int64 COMMENT 'met and missed',
    met          Int64,
    missed       Int64,
    pending      Int64,
    verdict      LowCardinality(String),
    attainment   Decimal(10, 9) COMMENT 'the share that must be met',
    apart        Array(Tuple(ticket_type String, total Int64, met Int64, missed Int64, pending Int64)) COMMENT 'counted and not judged',
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
ORDER BY (account_id, month, priority, window);
