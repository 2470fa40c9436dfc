-- A fleet's month of heartbeats: `devices` from `first_device` on, two at a location, one sample every 30 s, dated
-- up to 2 s late. 0.5 % are received twice, a tenth of those with the opposite status (a tie); 0.1 % say down; 1 %
-- arrive 1 to 600 s late, every other one from a buffer; one device in 50 is silent for five hours; 0.1 % were
-- refused. Everything follows from the number.
INSERT INTO heartbeats
    (location_id, device_id, occurred_at, status, interval_ms, collector_id, received_at, buffered, _partition, _offset, _timestamp)
WITH
    {first_device:UInt64} + intDiv(number, 2880 * {days:UInt64}) AS device,
    number % (2880 * {days:UInt64}) AS sample,
    sipHash64(device, sample) AS chance,
    concat('loc-', leftPad(toString(intDiv(device, 2)), 5, '0')) AS location,
    toDateTime64('2026-03-01 08:00:00', 3, 'UTC') + toIntervalMillisecond(30000 * sample + chance % 2000) AS at,
    if(chance % 100 = 2, 1000 + 1000 * (intDiv(chance, 1000) % 600), 50) AS delay_ms
SELECT
    location, concat('dev-', leftPad(toString(device), 5, '0')), at,
    if((copy = 1 AND chance % 10 = 7) OR chance % 1000 = 1, 'down', 'up'), 30000,
    concat('col-', toString(device % 5)),
    if(chance % 100 = 2, at + toIntervalMillisecond(delay_ms), toDateTime64(0, 3, 'UTC')), chance % 200 = 2,
    bitAnd(kafkaMurmurHash(location), 0x7FFFFFFF) % 8,
    2 * (device * 2880 * {days:UInt64} + sample) + copy,
    at + toIntervalMillisecond(delay_ms)
FROM
(
    SELECT number, arrayJoin(if(sipHash64({first_device:UInt64} + intDiv(number, 2880 * {days:UInt64}), number % (2880 * {days:UInt64}))
                                % 200 = 7, [0, 1], [0])) AS copy
    FROM numbers({devices:UInt64} * 2880 * {days:UInt64})
)
WHERE NOT (device % 50 = 3 AND sample BETWEEN 2880 + device AND 2880 + device + 600)
