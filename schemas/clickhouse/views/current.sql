-- Of every fact the newest, unless it was retracted (semantics §6).

CREATE OR REPLACE VIEW location_states_current AS SELECT * FROM location_states FINAL WHERE NOT retracted;

CREATE OR REPLACE VIEW location_outages_current AS SELECT * FROM location_outages FINAL WHERE NOT retracted;

CREATE OR REPLACE VIEW exclusion_proposals_current AS SELECT * FROM exclusion_proposals FINAL WHERE NOT retracted;

CREATE OR REPLACE VIEW availability_current AS SELECT * FROM availability FINAL WHERE NOT retracted;

CREATE OR REPLACE VIEW credits_current AS SELECT * FROM credits FINAL WHERE NOT retracted;

CREATE OR REPLACE VIEW claim_answers_current AS SELECT * FROM claim_answers FINAL WHERE NOT retracted;

CREATE OR REPLACE VIEW billing_credits_current AS SELECT * FROM billing_credits FINAL WHERE NOT retracted;

CREATE OR REPLACE VIEW progress_current AS SELECT * FROM progress FINAL;

-- Of every version of an entity what was recorded last. (Of two recorded at the same instant the wire's hash decides,
-- which SQL does not know: here it is the later in the topic.)
CREATE OR REPLACE VIEW registry_current AS
SELECT entity, entity_id, valid_from, recorded_at, record
FROM registry_accepted
ORDER BY recorded_at DESC, _offset DESC
LIMIT 1 BY entity, entity_id, valid_from;
