-- First answers to tickets: the newest facts, what is to be answered next, and all customers together.

CREATE OR REPLACE VIEW ticket_responses_current AS SELECT * FROM ticket_responses FINAL WHERE NOT retracted;

CREATE OR REPLACE VIEW response_monthly_current AS SELECT * FROM response_monthly FINAL WHERE NOT retracted;

-- What waits for its first answer, by the time that every partition has reached: overdue, due soon (within an hour, the
-- shortest target) or later. What was closed waits no more, though it may still be missed, and nothing is due while the
-- customer is asked and the clock stands. A ticket that was merged waits as well, for the answer to the other.
CREATE OR REPLACE VIEW ticket_responses_due AS
SELECT
    t.account_id AS account_id, t.ticket_id AS ticket_id, t.ticket_type AS ticket_type, t.counted AS counted,
    t.priority AS priority, t.window AS window, t.created_at AS created_at, t.due_at AS due_at, t.outcome AS outcome,
    p.reached AS as_of,
    dateDiff('millisecond', p.reached, assumeNotNull(t.due_at)) AS left_ms,
    multiIf(left_ms < 0, 'overdue', left_ms <= 3600000, 'soon', 'later') AS urgency
FROM
(
    SELECT * FROM ticket_responses_current
    WHERE isNull(responded_at) AND isNull(closed_at) AND isNotNull(due_at) AND counted != 'withdrawn'
) AS t
CROSS JOIN
(
    SELECT min(through) AS reached FROM progress_current WHERE topic = 'device-heartbeats' HAVING count() > 0
) AS p;

-- The requests of all customers whose month is judged by the same terms, and whether enough of them were answered in time:
-- the verdict itself where the terms judge all customers together (I-20), the whole picture where they judge each account.
CREATE OR REPLACE VIEW response_monthly_overall AS
SELECT
    month, priority, window, terms, count() AS accounts,
    sum(r.total) AS total, sum(r.met) AS met, sum(r.missed) AS missed, sum(r.pending) AS pending,
    any(r.attainment) AS attainment,
    multiIf(total = 0, 'none', toDecimal128(met, 9) >= toDecimal128(attainment, 9) * total, 'met', 'breached') AS verdict
FROM response_monthly_current AS r
GROUP BY month, priority, window, terms;
