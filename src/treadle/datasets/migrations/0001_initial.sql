CREATE TABLE dataset_versions (
    project TEXT NOT NULL,
    dataset TEXT NOT NULL,
    number BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    table_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    parts TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, dataset, number)
);

CREATE INDEX dataset_versions_by_time ON dataset_versions (project, dataset, created_at);
