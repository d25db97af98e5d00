CREATE TABLE projects (
    project TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE environments (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project, environment)
);

CREATE TABLE principals (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project, name)
);

-- The secret is 256 random bits, so its plain SHA-256 cannot be searched back; no environment means every one.
CREATE TABLE tokens (
    project TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    principal TEXT NOT NULL,
    role TEXT NOT NULL,
    environment TEXT,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX tokens_by_project ON tokens (project, created_at);
