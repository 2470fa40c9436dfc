-- By which terms a location's time is read: those in force for the account that has it; the standard ones before it
-- is known.
CREATE OR REPLACE TEMPORARY TABLE audit_location_terms AS
WITH
    accounts AS
    (
        SELECT entity_id AS location_id, account_id, `from`, `to` FROM audit_versions WHERE entity = 'location'
        UNION ALL
        SELECT location_id, '', {always:Int64}, {never:Int64} FROM audit_locations
        WHERE location_id NOT IN (SELECT entity_id FROM audit_versions WHERE entity = 'location')
    )
SELECT
    location_id, greatest(a.`from`, t.since) AS since, t.missed_heartbeats AS missed_heartbeats,
    t.default_interval_ms AS default_interval_ms, t.from_last_seen AS from_last_seen, t.down_when AS down_when
FROM
(
    SELECT accounts.*, c.calendar AS calendar
    FROM accounts LEFT JOIN audit_account_calendars AS c USING (account_id)
) AS a
INNER JOIN audit_terms AS t ON t.calendar = a.calendar
WHERE t.since < a.`to` AND t.until > a.`from`
