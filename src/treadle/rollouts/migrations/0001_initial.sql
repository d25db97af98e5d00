CREATE TABLE rollouts (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    id TEXT NOT NULL,
    model TEXT NOT NULL,
    version BIGINT NOT NULL,
    champion BIGINT NOT NULL,
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    stage BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    looked_at BIGINT,
    ended_at BIGINT,
    principal TEXT NOT NULL,
    why TEXT NOT NULL,
    reason TEXT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (project, id)
);

CREATE UNIQUE INDEX rollouts_in_flight ON rollouts (project, environment, model) WHERE ended_at IS NULL;

CREATE INDEX rollouts_by_start ON rollouts (project, environment, started_at);

CREATE TABLE rollout_events (
    sequence {key},
    project TEXT NOT NULL,
    rollout TEXT NOT NULL,
    kind TEXT NOT NULL,
    stage BIGINT NOT NULL,
    principal TEXT NOT NULL,
    why TEXT NOT NULL,
    evidence TEXT NOT NULL,
    at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL
);

CREATE INDEX rollout_events_by_rollout ON rollout_events (project, rollout, sequence);

CREATE TABLE rollout_looks (
    project TEXT NOT NULL,
    rollout TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (project, rollout, number)
);

CREATE TABLE rollout_units (
    project TEXT NOT NULL,
    rollout TEXT NOT NULL,
    unit TEXT NOT NULL,
    place BIGINT NOT NULL,
    look BIGINT NOT NULL,
    treated BIGINT NOT NULL,
    share {real} NOT NULL,
    loss {real} NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (project, rollout, unit)
);

CREATE INDEX rollout_units_in_order ON rollout_units (project, rollout, place);
