-- What a message says, as the wire takes it (schemas/wire). Null is what the wire would refuse: nothing is coerced.

-- The fields of a JSON object, their values still raw: '60', '"60"', 'null' and nothing are four answers.
-- Of a field that stands twice the last counts: a map finds the first.
CREATE OR REPLACE FUNCTION fivenines_fields AS (json) ->
    CAST(arrayReverse(JSONExtractKeysAndValuesRaw(json)), 'Map(String, String)');

CREATE OR REPLACE FUNCTION fivenines_header AS (names, values, name) ->
    values[indexOf(arrayMap(header -> lower(header), names), name)];

-- CloudEvents: in structured mode the event is `data` of the value, in binary mode it is the value.
CREATE OR REPLACE FUNCTION fivenines_is_structured AS (value, names, values) ->
    mapContains(fivenines_fields(value), 'specversion')
    OR startsWith(lower(fivenines_header(names, values, 'content-type')), 'application/cloudevents');

CREATE OR REPLACE FUNCTION fivenines_event AS (value, names, values) ->
    if(fivenines_is_structured(value, names, values), fivenines_fields(value)['data'], value);

CREATE OR REPLACE FUNCTION fivenines_event_fields AS (value, names, values) ->
    if(fivenines_is_structured(value, names, values),
       fivenines_fields(fivenines_fields(value)['data']), fivenines_fields(value));

-- What the event says itself, else the attribute of its envelope; empty where neither does.
CREATE OR REPLACE FUNCTION fivenines_or_attribute AS (said, attribute, value, names, values) ->
    coalesce(
        fivenines_text(said),
        if(fivenines_is_structured(value, names, values), fivenines_text(fivenines_fields(value)[attribute]), NULL),
        fivenines_header(names, values, concat('ce_', attribute)));

CREATE OR REPLACE FUNCTION fivenines_text AS (raw) ->
    if(startsWith(raw, '"'), if(position(raw, '\\') = 0, substring(raw, 2, length(raw) - 2), JSONExtractString(raw)), NULL);

CREATE OR REPLACE FUNCTION fivenines_bool AS (raw) ->
    CAST(if(raw IN ('true', 'false'), raw = 'true', NULL), 'Nullable(Bool)');

-- RFC 3339, any offset, up to nine digits floored to milliseconds, `:60` the next second.
CREATE OR REPLACE FUNCTION fivenines_instant AS (text) ->
    if(match(text, '^\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?([Zz]|[+-]\\d\\d:\\d\\d)$'),
       fromUnixTimestamp64Milli(
           toInt64(toDate32OrNull(substring(text, 1, 10))) * 86400000
           + toInt64OrZero(substring(text, 12, 2)) * 3600000
           + toInt64OrZero(substring(text, 15, 2)) * 60000
           + toInt64OrZero(substring(text, 18, 2)) * 1000
           + toInt64OrZero(substring(rightPad(extract(text, '\\.(\\d+)'), 3, '0'), 1, 3))
           - if(right(text, 1) IN ('Z', 'z'), 0,
                if(substring(text, -6, 1) = '-', -60000, 60000)
                * (toInt64OrZero(substring(text, -5, 2)) * 60 + toInt64OrZero(right(text, 2)))),
           'UTC'),
       NULL);
