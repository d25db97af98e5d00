-- What was predicted, as an index of the prediction log, and what turned out to be true.

CREATE TABLE observed (
    key {key},
    project TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    next_frame BIGINT NOT NULL,
    UNIQUE (project, endpoint)
);

-- How far each segment of the log was read. `mark` are the first bytes of its first frame: a file of the same name that begins
-- otherwise is another file.
CREATE TABLE log_cursors (
    observed BIGINT NOT NULL,
    segment TEXT NOT NULL,
    project TEXT NOT NULL,
    mark TEXT NOT NULL,
    position BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    PRIMARY KEY (observed, segment)
);

CREATE TABLE log_schemas (
    key {key},
    project TEXT NOT NULL,
    observed BIGINT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    variant TEXT NOT NULL,
    shadow INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (observed, name)
);

-- One row for each request: where its frame stands in the log. `rows_kept` are the rows whose id was new.
CREATE TABLE log_frames (
    observed BIGINT NOT NULL,
    key BIGINT NOT NULL,
    project TEXT NOT NULL,
    segment TEXT NOT NULL,
    position BIGINT NOT NULL,
    after BIGINT NOT NULL,
    request TEXT NOT NULL,
    chosen INTEGER NOT NULL,
    latency BIGINT NOT NULL,
    schema BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    rows_kept BIGINT NOT NULL,
    rows_logged BIGINT NOT NULL,
    PRIMARY KEY (observed, key)
);
CREATE INDEX log_frames_by_time ON log_frames (observed, last_at);
CREATE INDEX log_frames_by_segment ON log_frames (observed, segment);

-- One row for each answer. `lane` is empty for an answer that was given, the variant for one that was only compared (a shadow).
-- `routing` is what it was routed by where that is not its id. The label in force stands here again, so that a window is read in one pass; `labels` counts its history.
CREATE TABLE predictions (
    observed BIGINT NOT NULL,
    id TEXT NOT NULL,
    lane TEXT NOT NULL,
    project TEXT NOT NULL,
    routing TEXT,
    frame BIGINT NOT NULL,
    schema BIGINT NOT NULL,
    at BIGINT NOT NULL,
    score {real},
    predicted TEXT NOT NULL,
    label TEXT,
    outcome {real},
    label_at BIGINT,
    labels BIGINT NOT NULL,
    PRIMARY KEY (observed, id, lane)
);
CREATE INDEX predictions_by_time ON predictions (observed, at);

-- Every label (name = '') and signal that was acknowledged; a correction is one more row.
CREATE TABLE feedback (
    observed BIGINT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    project TEXT NOT NULL,
    value TEXT NOT NULL,
    number {real},
    received_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (observed, name, id, at, seq)
);

-- Labels that came before their prediction.
CREATE TABLE pending_labels (
    observed BIGINT NOT NULL,
    id TEXT NOT NULL,
    project TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (observed, id)
);
