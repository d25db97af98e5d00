-- Everything of tracking stands in one database, so that one query can search runs by metrics, params and tags.

CREATE TABLE experiments (
    key {key},
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    UNIQUE (project, id),
    UNIQUE (project, name)
);

CREATE TABLE runs (
    key {key},
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment BIGINT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    parent TEXT,
    deleted_at BIGINT,
    UNIQUE (project, id)
);
CREATE INDEX runs_by_number ON runs (experiment, key);
CREATE INDEX runs_by_status ON runs (experiment, status, key);
CREATE INDEX runs_by_start ON runs (experiment, started_at, key);
CREATE INDEX runs_by_finish ON runs (experiment, finished_at, key);
CREATE INDEX runs_by_name ON runs (experiment, name, key);
CREATE INDEX runs_by_parent ON runs (parent) WHERE parent IS NOT NULL;

-- The experiment stands in each of these again: a search stays within experiments and walks one index in order.
CREATE TABLE params (
    run BIGINT NOT NULL,
    name TEXT NOT NULL,
    project TEXT NOT NULL,
    experiment BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, name)
);
CREATE INDEX params_by_value ON params (experiment, name, substr(value, 1, 200), run);

CREATE TABLE tags (
    run BIGINT NOT NULL,
    name TEXT NOT NULL,
    project TEXT NOT NULL,
    experiment BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, name)
);
CREATE INDEX tags_by_value ON tags (experiment, name, substr(value, 1, 200), run);

-- One metric of one run and its newest point (by step, then time); value is NULL when that point is not a number.
CREATE TABLE series (
    key {key},
    project TEXT NOT NULL,
    experiment BIGINT NOT NULL,
    run BIGINT NOT NULL,
    name TEXT NOT NULL,
    points BIGINT NOT NULL,
    step BIGINT NOT NULL,
    time BIGINT NOT NULL,
    value {real},
    UNIQUE (run, name)
);
CREATE INDEX series_by_value ON series (experiment, name, value, run);

-- The points of a series, packed: steps, times and values as little-endian arrays one after the other.
CREATE TABLE segments (
    key {key},
    project TEXT NOT NULL,
    series BIGINT NOT NULL,
    points BIGINT NOT NULL,
    body {bytes} NOT NULL
);
CREATE INDEX segments_by_series ON segments (series, key);

-- What was logged and is not yet in series and segments: one row for each call, appended and nothing else. Points carry their
-- step and time, so rows need no order and no key: keeping one would make logging half as fast again.
CREATE TABLE arrivals (
    project TEXT NOT NULL,
    run BIGINT NOT NULL,
    body {bytes} NOT NULL
);

CREATE TABLE run_files (
    run BIGINT NOT NULL,
    path TEXT NOT NULL,
    project TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    logged_at BIGINT NOT NULL,
    PRIMARY KEY (run, path)
);
