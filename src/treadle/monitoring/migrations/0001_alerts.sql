-- What people should know about. At most one alert of a key is live; what is wrong again while it is live only counts.
-- Instants are business time unless they are called recorded_at, due_at or sent_at, which are the machine's.
CREATE TABLE alerts (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    alert_key TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    check_name TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    severity TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    times BIGINT NOT NULL,
    flaps BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    told_at BIGINT,
    passing_since BIGINT,
    acknowledged_at BIGINT,
    acknowledged_by TEXT NOT NULL,
    resolved_at BIGINT,
    resolved_by TEXT NOT NULL,
    resolved_why TEXT NOT NULL,
    evidence TEXT,
    evidence_sequence BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (project, id)
);

CREATE UNIQUE INDEX alerts_live ON alerts (project, alert_key) WHERE resolved_at IS NULL;
CREATE INDEX alerts_by_key ON alerts (project, alert_key, opened_at);
CREATE INDEX alerts_by_state ON alerts (project, state, last_at);

CREATE TABLE alert_events (
    sequence {key},
    project TEXT NOT NULL,
    alert TEXT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    principal TEXT NOT NULL,
    note TEXT NOT NULL,
    evidence TEXT
);

CREATE INDEX alert_events_by_alert ON alert_events (project, alert, sequence);

CREATE TABLE alert_silences (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    pattern TEXT NOT NULL,
    why TEXT NOT NULL,
    principal TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_by TEXT NOT NULL,
    PRIMARY KEY (project, id)
);

-- What is to be told, written in the transaction of what it tells about; spread over the channels when somebody looks.
CREATE TABLE outbox (
    sequence {key},
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    topic TEXT NOT NULL,
    about TEXT NOT NULL,
    severity TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    spread_at BIGINT,
    UNIQUE (project, id)
);

CREATE INDEX outbox_unspread ON outbox (project, sequence) WHERE spread_at IS NULL;

-- One message on its way through one channel. `due_at` is when it may be tried next; trying moves it on, so that a sender that
-- dies leaves a message that becomes due again. `attempts` tells a sender that came back late that another one took over.
CREATE TABLE outbox_deliveries (
    project TEXT NOT NULL,
    message TEXT NOT NULL,
    channel TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    topic TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    sent_at BIGINT,
    error TEXT NOT NULL,
    PRIMARY KEY (project, message, channel)
);

CREATE INDEX outbox_deliveries_due ON outbox_deliveries (project, state, due_at);
CREATE INDEX outbox_deliveries_topic ON outbox_deliveries (project, channel, topic, state, sequence);
