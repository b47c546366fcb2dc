-- What is kept in a file of DuckDB (ClickHouse's tables: clickhouse/tables.py). Plain types, and of a
-- moment (Unix seconds) the day and the week as integers. Day 0 is 1970-01-01; week 0 is the one it
-- lies in, and begins on a Monday.
--
-- who: 'people'   an installation: its uid is kept
--      'ci'       a run of a CI job whose vendor is known; its uid is made for this run
--      'passing'  a run whose uid is not kept: a container, a home that cannot be written

CREATE TABLE IF NOT EXISTS events (
    id TEXT,              -- the event's id
    code BIGINT,          -- 63 bits of a hash of the id: what a resend is found by
    moment BIGINT,        -- when the start succeeded, Unix seconds
    day INTEGER,
    week INTEGER,
    product TEXT,
    uid BIGINT,
    kept BOOLEAN,
    event TEXT,
    environment BIGINT,   -- environments.id
    began BIGINT,         -- when the run began, microseconds since 1970; -1: uptime says it
    uptime TEXT,          -- when the run began, where began cannot say it; mostly ''
    session TEXT          -- the session-id, where it is not the one made from the id; mostly ''
);

-- All facts of a process but when it began: many events have the same.
CREATE TABLE IF NOT EXISTS environments (
    id BIGINT,            -- 48 bits of a hash of product and facts
    product TEXT,
    version TEXT,         -- of the product itself
    python TEXT,          -- 3.11, without the third number
    platform TEXT,
    architecture TEXT,
    vendor TEXT,          -- of the CI
    facts TEXT            -- all of them, as JSON
);

-- Which uid was active in which week, and in which environment last.
CREATE TABLE IF NOT EXISTS activity (
    product TEXT, week INTEGER, who TEXT, uid BIGINT, environment BIGINT, moment BIGINT
);

-- Which uid used what in which week.
CREATE TABLE IF NOT EXISTS uses (
    product TEXT, week INTEGER, event TEXT, version TEXT, who TEXT, uid BIGINT
);

-- The first week of each uid that is kept: its cohort.
CREATE TABLE IF NOT EXISTS installs (product TEXT, uid BIGINT, week INTEGER);

-- The roll-ups, from which the page is made: sums alone.
CREATE TABLE IF NOT EXISTS actives (
    product TEXT, week INTEGER, who TEXT, version TEXT, python TEXT, platform TEXT,
    architecture TEXT, vendor TEXT, installs BIGINT
);
CREATE TABLE IF NOT EXISTS tallies (
    product TEXT, week INTEGER, event TEXT, version TEXT, who TEXT, starts BIGINT, installs BIGINT
);
CREATE TABLE IF NOT EXISTS cohorts (
    product TEXT, cohort INTEGER, week INTEGER, installs BIGINT
);

-- The health of ingest: what came on which day, and how old it was.
CREATE TABLE IF NOT EXISTS intake (
    product TEXT, day INTEGER, accepted BIGINT, duplicate BIGINT,
    in_minute BIGINT, in_hour BIGINT, in_day BIGINT, later BIGINT
);

-- The ledgers' lines, one row for each reason.
CREATE TABLE IF NOT EXISTS losses (
    id TEXT, day INTEGER, week INTEGER, product TEXT, reason TEXT, lost BIGINT
);

CREATE TABLE IF NOT EXISTS format (version INTEGER);
