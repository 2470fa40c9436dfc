-- What is owed: the ledger for billing, what claims are told, and what a month's credit follows from.

ALTER TABLE availability
    ADD COLUMN IF NOT EXISTS lowest_tier_at Nullable(DateTime64(3, 'UTC')) COMMENT 'null: never reached' AFTER terms_before_effective,
    ADD COLUMN IF NOT EXISTS corrections Array(Tuple(recorded_at DateTime64(3, 'UTC'), down_ms Int64))
        COMMENT 'what was recorded after the month ended' AFTER lowest_tier_at;

ALTER TABLE credits
    ADD COLUMN IF NOT EXISTS final_at DateTime64(3, 'UTC') AFTER claim_ticket_id;

CREATE TABLE IF NOT EXISTS claim_answers
(
    ticket_id    String,
    account_id   LowCardinality(String),
    location_id  Nullable(String),
    month        Nullable(String),
    claimed_at   DateTime64(3, 'UTC'),
    answer       LowCardinality(String),
    reason       String,
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

-- Entries are never changed: `id` names one, and `corrects` the one before it.
CREATE TABLE IF NOT EXISTS billing_credits
(
    id           String,
    type         LowCardinality(String),
    account_id   LowCardinality(String),
    location_id  LowCardinality(String),
    month        LowCardinality(String),
    n            Int64 COMMENT 'its place in the chain, from 1',
    days         Int64 COMMENT 'the signed change',
    corrects     Nullable(String) COMMENT 'null: the first',
    reason       String,
    applies_to   LowCardinality(String),
    final_at     DateTime64(3, 'UTC'),
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
ORDER BY id;
