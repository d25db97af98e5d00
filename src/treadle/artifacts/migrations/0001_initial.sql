CREATE TABLE artifact_references (
    project TEXT NOT NULL,
    digest TEXT NOT NULL,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    held_at BIGINT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (project, digest, owner, kind)
);
CREATE INDEX artifact_references_by_owner ON artifact_references (project, owner);
-- A sweep asks across projects, because they may share one folder of bytes.
CREATE INDEX artifact_references_by_digest ON artifact_references (digest);
