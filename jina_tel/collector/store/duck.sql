-- How DuckDB keeps the roll-ups as data arrives, and gives itself away. One transaction runs the blocks that it needs, in
-- the order in which they stand here; a block begins with its name, "--: name".
--
-- Each roll-up has a table of changes beside it (d_actives, d_tallies, d_cohorts), filled by what
-- is added or taken away, and merged at the end. So a load, a forget and an expiry share the sums.

--: arrive
CREATE OR REPLACE TEMP TABLE arrivals AS
SELECT id, (md5_number_upper(id) >> 1)::BIGINT AS code, moment, (moment // 86400)::INTEGER AS day,
    ((moment // 86400 + 3) // 7)::INTEGER AS week, product, uid, kept, event, environment,
    coalesce(epoch_us(start), -1) AS began, if(start IS NULL, uptime, '') AS uptime, session
FROM (
    SELECT *, if(strftime(try_cast(uptime AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%f') = uptime,
        try_cast(uptime AS TIMESTAMP), NULL) AS start
    FROM given
);

--: environments
INSERT INTO environments SELECT * FROM given WHERE id NOT IN (SELECT id FROM environments);

--: losses
INSERT INTO losses
SELECT id, (moment // 86400)::INTEGER, ((moment // 86400 + 3) // 7)::INTEGER, product, reason, lost
FROM given WHERE id NOT IN (SELECT id FROM losses);

--: fresh of arrivals
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT a.*, e.version,
    CASE WHEN e.vendor <> '(unset)' THEN 'ci' WHEN a.kept THEN 'people' ELSE 'passing' END AS who
FROM arrivals AS a JOIN environments AS e ON e.id = a.environment
-- The inner list is short, and found with one scan of one column; without it all codes are hashed.
WHERE a.code NOT IN (SELECT code FROM events WHERE code IN (SELECT code FROM arrivals));

--: fresh of a week
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT a.*, e.version,
    CASE WHEN e.vendor <> '(unset)' THEN 'ci' WHEN a.kept THEN 'people' ELSE 'passing' END AS who
FROM events AS a JOIN environments AS e ON e.id = a.environment
WHERE a.week = $week;

--: fresh of a uid
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT a.*, e.version,
    CASE WHEN e.vendor <> '(unset)' THEN 'ci' WHEN a.kept THEN 'people' ELSE 'passing' END AS who
FROM events AS a JOIN environments AS e ON e.id = a.environment
WHERE a.product = $product AND a.uid = $uid;

--: keep
INSERT INTO events
SELECT id, code, moment, day, week, product, uid, kept, event, environment, began,
    uptime, session
FROM fresh;

--: count
CREATE OR REPLACE TEMP TABLE latest AS
SELECT l.* EXCLUDE (last), a.environment AS old_environment
FROM (
    SELECT product, week, who, uid,
        max((moment, environment)) AS last, last[2] AS environment, last[1] AS moment
    FROM fresh GROUP BY product, week, who, uid
) AS l LEFT JOIN activity AS a USING (product, week, who, uid)
WHERE a.uid IS NULL OR l.last > (a.moment, a.environment);

CREATE OR REPLACE TEMP TABLE d_actives AS
SELECT c.product, c.week, c.who, e.version, e.python, e.platform, e.architecture, e.vendor,
    sum(c.n)::BIGINT AS installs
FROM (
    SELECT product, week, who, environment, 1 AS n FROM latest
    UNION ALL
    SELECT product, week, who, old_environment, -1 FROM latest WHERE old_environment IS NOT NULL
) AS c JOIN environments AS e ON e.id = c.environment
GROUP BY ALL HAVING sum(c.n) <> 0;

CREATE OR REPLACE TEMP TABLE firsts AS
SELECT f.product, f.uid, least(f.week, i.week) AS week, i.week AS old_week
FROM (
    SELECT product, uid, min(week) AS week FROM fresh WHERE who = 'people' GROUP BY product, uid
) AS f LEFT JOIN installs AS i USING (product, uid);

CREATE OR REPLACE TEMP TABLE d_cohorts AS
SELECT product, cohort, week, sum(n)::BIGINT AS installs
FROM (
    SELECT l.product, f.week AS cohort, l.week, 1 AS n
    FROM latest AS l JOIN firsts AS f USING (product, uid)
    WHERE l.who = 'people' AND l.old_environment IS NULL
    UNION ALL
    SELECT a.product, unnest([f.week, f.old_week]), a.week, unnest([1, -1])
    FROM activity AS a JOIN firsts AS f USING (product, uid)
    WHERE a.who = 'people' AND f.week < f.old_week
) AS c GROUP BY ALL HAVING sum(n) <> 0;

MERGE INTO installs AS i USING firsts AS f ON i.product = f.product AND i.uid = f.uid
WHEN MATCHED AND f.week < i.week THEN UPDATE SET week = f.week
WHEN NOT MATCHED THEN INSERT (product, uid, week) VALUES (f.product, f.uid, f.week);

MERGE INTO activity AS a USING latest AS l
ON a.product = l.product AND a.week = l.week AND a.who = l.who AND a.uid = l.uid
WHEN MATCHED THEN UPDATE SET environment = l.environment, moment = l.moment
WHEN NOT MATCHED THEN INSERT (product, week, who, uid, environment, moment)
    VALUES (l.product, l.week, l.who, l.uid, l.environment, l.moment);

CREATE OR REPLACE TEMP TABLE used AS
SELECT DISTINCT product, week, event, version, who, uid FROM fresh
ANTI JOIN (
    SELECT u.* FROM uses AS u SEMI JOIN fresh USING (product, week, uid)
) AS known USING (product, week, event, version, who, uid);

INSERT INTO uses SELECT * FROM used;

CREATE OR REPLACE TEMP TABLE d_tallies AS
SELECT product, week, event, version, who,
    sum(starts)::BIGINT AS starts, sum(installs)::BIGINT AS installs
FROM (
    SELECT product, week, event, version, who, 1 AS starts, 0 AS installs FROM fresh
    UNION ALL
    SELECT product, week, event, version, who, 0, 1 FROM used
) AS c GROUP BY ALL;

--: uncount
CREATE OR REPLACE TEMP TABLE d_actives AS
SELECT a.product, a.week, a.who, e.version, e.python, e.platform, e.architecture, e.vendor,
    -count(*) AS installs
FROM activity AS a JOIN environments AS e ON e.id = a.environment
WHERE a.product = $product AND a.uid = $uid GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE d_cohorts AS
SELECT a.product, i.week AS cohort, a.week, -count(*) AS installs
FROM activity AS a JOIN installs AS i USING (product, uid)
WHERE a.product = $product AND a.uid = $uid AND a.who = 'people' GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE d_tallies AS
SELECT product, week, event, version, who,
    -sum(starts)::BIGINT AS starts, -sum(installs)::BIGINT AS installs
FROM (
    SELECT product, week, event, version, who, 1 AS starts, 0 AS installs FROM fresh
    UNION ALL
    SELECT product, week, event, version, who, 0, 1 FROM uses
    WHERE product = $product AND uid = $uid
) AS c GROUP BY ALL;

--: remove a uid
DELETE FROM events WHERE product = $product AND uid = $uid;
DELETE FROM activity WHERE product = $product AND uid = $uid;
DELETE FROM uses WHERE product = $product AND uid = $uid;
DELETE FROM installs WHERE product = $product AND uid = $uid;

--: sweep a uid
DELETE FROM environments WHERE id IN (
    SELECT environment FROM fresh EXCEPT
    SELECT environment FROM events WHERE environment IN (SELECT environment FROM fresh)
);

--: sum
MERGE INTO actives AS a USING d_actives AS d
ON a.product = d.product AND a.week = d.week AND a.who = d.who AND a.version = d.version
    AND a.python = d.python AND a.platform = d.platform AND a.architecture = d.architecture
    AND a.vendor = d.vendor
WHEN MATCHED AND a.installs + d.installs = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET installs = a.installs + d.installs
WHEN NOT MATCHED THEN INSERT VALUES (d.product, d.week, d.who, d.version, d.python, d.platform,
    d.architecture, d.vendor, d.installs);

MERGE INTO tallies AS t USING d_tallies AS d
ON t.product = d.product AND t.week = d.week AND t.event = d.event AND t.version = d.version
    AND t.who = d.who
WHEN MATCHED AND t.starts + d.starts = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET starts = t.starts + d.starts, installs = t.installs + d.installs
WHEN NOT MATCHED THEN INSERT VALUES (d.product, d.week, d.event, d.version, d.who, d.starts,
    d.installs);

MERGE INTO cohorts AS c USING d_cohorts AS d
ON c.product = d.product AND c.cohort = d.cohort AND c.week = d.week
WHEN MATCHED AND c.installs + d.installs = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET installs = c.installs + d.installs
WHEN NOT MATCHED THEN INSERT VALUES (d.product, d.cohort, d.week, d.installs);

--: intake
MERGE INTO intake AS i USING (
    SELECT came.product, coalesce(kept.n, 0) AS accepted, came.n - coalesce(kept.n, 0) AS duplicate,
        coalesce(kept.in_minute, 0) AS in_minute, coalesce(kept.in_hour, 0) AS in_hour,
        coalesce(kept.in_day, 0) AS in_day, coalesce(kept.later, 0) AS later
    FROM given AS came LEFT JOIN (
        SELECT product, count(*) AS n,
            count(*) FILTER (moment >= $now - 60) AS in_minute,
            count(*) FILTER (moment < $now - 60 AND moment >= $now - 3600) AS in_hour,
            count(*) FILTER (moment < $now - 3600 AND moment >= $now - 86400) AS in_day,
            count(*) FILTER (moment < $now - 86400) AS later
        FROM fresh GROUP BY product
    ) AS kept USING (product)
) AS d ON i.product = d.product AND i.day = $now // 86400
WHEN MATCHED THEN UPDATE SET accepted = i.accepted + d.accepted,
    duplicate = i.duplicate + d.duplicate, in_minute = i.in_minute + d.in_minute,
    in_hour = i.in_hour + d.in_hour, in_day = i.in_day + d.in_day, later = i.later + d.later
WHEN NOT MATCHED THEN INSERT VALUES (d.product, $now // 86400, d.accepted, d.duplicate,
    d.in_minute, d.in_hour, d.in_day, d.later);

--: forget the intake
DELETE FROM intake;

--: move the intake
INSERT INTO intake SELECT * FROM given;

--: expire
DELETE FROM events WHERE moment < $before;
DELETE FROM activity WHERE week <= $week;
DELETE FROM uses WHERE week <= $week;
DELETE FROM actives WHERE week <= $week;
DELETE FROM tallies WHERE week <= $week;
DELETE FROM cohorts WHERE week <= $week;
DELETE FROM losses WHERE day < $day;
DELETE FROM intake WHERE day < $day;

--: sweep
DELETE FROM installs WHERE NOT EXISTS (
    SELECT 1 FROM activity AS a WHERE a.product = installs.product AND a.uid = installs.uid
);
DELETE FROM environments WHERE id NOT IN (SELECT environment FROM events);

--: flatten
CREATE OR REPLACE TEMP TABLE flat AS SELECT id AS environment {facts} FROM environments;

--: parquet
COPY (
    SELECT e.id, make_timestamp(e.moment * 1000000) AS time, e.product, e.uid, e.kept, e.event,
        coalesce(nullif(e.uptime, ''), strftime(make_timestamp(nullif(e.began, -1)),
            '%Y-%m-%dT%H:%M:%S.%f')) AS uptime, f.* EXCLUDE (environment)
    FROM events AS e JOIN flat AS f USING (environment)
    WHERE ({product} = '' OR e.product = {product})
        AND e.moment >= {since} AND e.moment < {until}
) TO {path} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000);

--: copy
ATTACH {path} AS copied (STORAGE_VERSION {storage});
COPY FROM DATABASE {mine} TO copied;
DETACH copied;
