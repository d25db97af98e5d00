-- `source` and `target` are references written as kind:id, and every fact points the way things flow.
CREATE TABLE lineage_edges (
    project TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    relation TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (project, source, target, relation)
);
CREATE INDEX lineage_edges_by_target ON lineage_edges (project, target);
