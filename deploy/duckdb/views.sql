-- Survives a crash: everything. Half of a line, which a kill and a rotation can leave together, is passed over.
-- For lines of --format raw, rotated and compressed files too: duckdb -init /dev/null -cmd "SET VARIABLE files = 'audit.jsonl*'" -cmd ".read views.sql"

SET VARIABLE files = coalesce(getvariable('files'), 'audit.jsonl*');
SET VARIABLE office_zone = coalesce(getvariable('office_zone'), 'UTC');
-- Monday is 1. Hours from opening until before closing.
SET VARIABLE office_days = coalesce(getvariable('office_days'), [1, 2, 3, 4, 5]);
SET VARIABLE office_opens = coalesce(getvariable('office_opens'), 8);
SET VARIABLE office_closes = coalesce(getvariable('office_closes'), 18);

CREATE OR REPLACE VIEW records AS
SELECT *
FROM read_json(
    getvariable('files'),
    format = 'newline_delimited',
    ignore_errors = true,
    maximum_object_size = 67108864,
    columns = {
        timestamp: 'TIMESTAMPTZ', processed_timestamp: 'TIMESTAMPTZ', event_name: 'VARCHAR', event_description: 'VARCHAR',
        organization_id: 'VARCHAR', user_id: 'VARCHAR', user_name: 'VARCHAR', user_email: 'VARCHAR', ip_address: 'VARCHAR',
        details: 'JSON', devices: 'STRUCT(device_id VARCHAR, device_name VARCHAR, device_site_name VARCHAR, device_type VARCHAR)[]',
        created: 'BIGINT', notification_type: 'VARCHAR', camera_id: 'VARCHAR', objects: 'VARCHAR[]', person_label: 'VARCHAR'
    }
);

CREATE OR REPLACE VIEW audit_logs AS
SELECT * EXCLUDE (created, notification_type, camera_id, objects, person_label)
FROM records
WHERE event_name IS NOT NULL;

CREATE OR REPLACE VIEW notifications AS
SELECT to_timestamp(created) AS timestamp, notification_type, camera_id, objects, person_label
FROM records
WHERE notification_type IS NOT NULL;

-- A row for each camera of each live or recorded video that somebody watched; one without a camera where none is named.
CREATE OR REPLACE VIEW watched AS
SELECT
    timestamp,
    timezone(getvariable('office_zone'), timestamp) AS local_time,
    user_email,
    device.device_name AS camera,
    device.device_site_name AS site,
    trim(event_name) AS event_name
FROM audit_logs LEFT JOIN LATERAL unnest(devices) AS viewed(device) ON true
WHERE lower(trim(event_name)) IN ('live stream started', 'video history streamed', 'history viewed');

CREATE OR REPLACE VIEW who_watched_which_camera AS
SELECT user_email, camera, site, count(*) AS times, min(timestamp) AS first, max(timestamp) AS last
FROM watched
GROUP BY ALL
ORDER BY times DESC, user_email, camera;

CREATE OR REPLACE VIEW watched_per_day AS
SELECT local_time::DATE AS day, user_email, count(*) AS times, count(DISTINCT camera) AS cameras
FROM watched
GROUP BY ALL
ORDER BY day, times DESC, user_email;

CREATE OR REPLACE VIEW watched_outside_office_hours AS
SELECT *
FROM watched
WHERE NOT list_contains(getvariable('office_days'), isodow(local_time))
    OR hour(local_time) < getvariable('office_opens')
    OR hour(local_time) >= getvariable('office_closes')
ORDER BY timestamp;
