-- What a controller remembers from tick to tick and hands on to the next one: how far the ledger was told, what each turn was
-- asked, which phase fails. One row a thing; `body` is JSON. Written inside the transaction of what it remembers.
CREATE TABLE controller_memory (
    project TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (project, key)
);
