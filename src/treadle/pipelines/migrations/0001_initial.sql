-- An execution belongs to the process that runs it; `seen_at` is when that process last said so.
CREATE TABLE executions (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    business_at BIGINT NOT NULL,
    finished_at BIGINT,
    seen_at BIGINT NOT NULL,
    cancel_at BIGINT,
    machine TEXT NOT NULL,
    process BIGINT NOT NULL,
    born TEXT NOT NULL,
    graph TEXT NOT NULL,
    params TEXT NOT NULL,
    resumed TEXT,
    error TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (project, id)
);
CREATE INDEX executions_by_start ON executions (project, started_at);
CREATE INDEX executions_by_pipeline ON executions (project, pipeline, started_at);
CREATE INDEX executions_by_status ON executions (project, status);
-- A step has a row from the moment it starts, is reused, or will never run; before that it is pending.
CREATE TABLE execution_steps (
    project TEXT NOT NULL,
    execution TEXT NOT NULL,
    step TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    cache_key TEXT,
    ingredients TEXT,
    output TEXT,
    format TEXT,
    parts TEXT NOT NULL,
    refs TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    seconds {real},
    cpu_seconds {real},
    peak_memory BIGINT,
    error TEXT,
    log TEXT,
    log_tail TEXT,
    PRIMARY KEY (project, execution, step)
);
CREATE INDEX execution_steps_by_key ON execution_steps (project, cache_key, finished_at);
CREATE INDEX execution_steps_by_step ON execution_steps (project, pipeline, step, finished_at);
