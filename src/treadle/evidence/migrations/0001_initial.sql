CREATE TABLE evidence (
    project TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    id TEXT NOT NULL,
    check_name TEXT NOT NULL,
    stage TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    status TEXT NOT NULL,
    value {real},
    threshold {real},
    reaction TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    business_at BIGINT NOT NULL,
    principal TEXT NOT NULL,
    execution TEXT,
    expires_at BIGINT,
    body TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (project, sequence)
);
CREATE UNIQUE INDEX evidence_by_id ON evidence (project, id);
CREATE INDEX evidence_by_subject ON evidence (project, subject_kind, subject_id, check_name, sequence);
CREATE INDEX evidence_by_check ON evidence (project, check_name, sequence);

-- Kept apart so that a body can be erased while its digest stays in the chain.
CREATE TABLE evidence_bodies (
    project TEXT NOT NULL,
    evidence TEXT NOT NULL,
    salt TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, evidence)
);

-- The end of each project's chain; its row is what appending takes turns on.
CREATE TABLE evidence_heads (
    project TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    digest TEXT NOT NULL
);
