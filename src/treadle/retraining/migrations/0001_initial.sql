CREATE TABLE retrain_requests (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    loop TEXT NOT NULL,
    cause TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    as_of BIGINT,
    started_at BIGINT,
    beat_at BIGINT,
    finished_at BIGINT,
    outcome TEXT NOT NULL,
    version BIGINT,
    seconds {real} NOT NULL,
    PRIMARY KEY (project, id),
    UNIQUE (project, loop, occurrence, attempt)
);

CREATE UNIQUE INDEX retrain_requests_one_waiting ON retrain_requests (project, loop) WHERE state = 'waiting';

CREATE UNIQUE INDEX retrain_requests_one_running ON retrain_requests (project, loop) WHERE state = 'running';

CREATE INDEX retrain_requests_by_time ON retrain_requests (project, loop, asked_at);

CREATE TABLE retrain_turns (
    project TEXT NOT NULL,
    loop TEXT NOT NULL,
    execution TEXT NOT NULL,
    as_of BIGINT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (project, loop, execution)
);

CREATE INDEX retrain_turns_by_time ON retrain_turns (project, loop, as_of);

CREATE TABLE retrain_events (
    project TEXT NOT NULL,
    source TEXT NOT NULL,
    event TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    occurred_at BIGINT,
    received_at BIGINT NOT NULL,
    via TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, source, event)
);

CREATE INDEX retrain_events_by_type ON retrain_events (project, type, received_at);
