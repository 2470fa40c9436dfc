-- The ledger as billing checks it: `is_whole` says that a chain has no gap and no entry twice.
CREATE OR REPLACE VIEW billing_chains AS
SELECT
    account_id, location_id, month, sum(days) AS days, count() AS entries, max(n) AS newest,
    entries = newest AND uniqExact(n) = entries
        AND arrayPopFront(arraySort(each -> each.1, groupArray((n, ifNull(corrects, '')))).2)
          = arrayPopBack(arraySort(each -> each.1, groupArray((n, id))).2) AS is_whole,
    max(final_at) AS final_at
FROM billing_credits_current
GROUP BY account_id, location_id, month;

-- What a month costs an account in days, to be compared with what billing has booked.
CREATE OR REPLACE VIEW billing_control_totals AS
SELECT
    account_id, month, sum(days) AS days, sum(entries) AS entries, count() AS locations, min(is_whole) AS is_whole
FROM billing_chains
GROUP BY account_id, month;
