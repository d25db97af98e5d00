-- Who holds what for now. `epoch` grows by one with every new holder, and every write of a holder carries it (see fence.py).
-- `beats` counts renewals: a rival that sees it stand still for the time to live, by its own monotonic clock, may take over, so
-- no two machines need to agree on the time. The instants are for people.
CREATE TABLE leases (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    beats BIGINT NOT NULL DEFAULT 0,
    taken_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (project, name)
);
