CREATE TABLE registered_models (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_number BIGINT NOT NULL,
    PRIMARY KEY (project, name)
);

CREATE TABLE model_versions (
    project TEXT NOT NULL,
    model TEXT NOT NULL,
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    execution TEXT NOT NULL,
    run TEXT,
    dataset TEXT,
    created_at BIGINT NOT NULL,
    principal TEXT NOT NULL,
    metrics TEXT NOT NULL,
    gates TEXT NOT NULL,
    card TEXT NOT NULL,
    tags TEXT NOT NULL,
    cause TEXT NOT NULL,
    source TEXT NOT NULL,
    refused_at BIGINT,
    refused_why TEXT,
    PRIMARY KEY (project, model, number),
    UNIQUE (project, model, digest, execution)
);

CREATE INDEX model_versions_by_digest ON model_versions (project, digest);

CREATE TABLE model_documents (
    project TEXT NOT NULL,
    model TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, model, number, name)
);

CREATE TABLE model_aliases (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    model TEXT NOT NULL,
    alias TEXT NOT NULL,
    number BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (project, environment, model, alias)
);

CREATE TABLE model_promotions (
    sequence {key},
    id TEXT NOT NULL,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    model TEXT NOT NULL,
    alias TEXT NOT NULL,
    kind TEXT NOT NULL,
    from_version BIGINT,
    to_version BIGINT NOT NULL,
    principal TEXT NOT NULL,
    why TEXT NOT NULL,
    override_reason TEXT,
    evidence TEXT NOT NULL,
    at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    UNIQUE (project, id)
);

CREATE INDEX model_promotions_by_model ON model_promotions (project, environment, model, alias, sequence);
