-- Tables of the service in PostgreSQL. Times are milliseconds since 1970, UTC. The same as migrations/sqlite.
CREATE TABLE serve_queue (
    id BIGSERIAL PRIMARY KEY,
    source TEXT NOT NULL,
    delivery TEXT NOT NULL,
    digest TEXT NOT NULL,
    event TEXT NOT NULL,
    repository TEXT NOT NULL,
    content BYTEA NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    worker TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    UNIQUE (source, delivery)
);
CREATE UNIQUE INDEX serve_queue_digest ON serve_queue (source, digest);
CREATE INDEX serve_queue_due ON serve_queue (due_at, id) WHERE state IN ('waiting', 'running');
CREATE INDEX serve_queue_finished ON serve_queue (finished_at) WHERE state = 'done';
CREATE TABLE serve_alerts (
    host TEXT NOT NULL,
    repository TEXT NOT NULL,
    alert TEXT NOT NULL,
    incident TEXT NOT NULL,
    url TEXT NOT NULL,
    told TEXT NOT NULL,
    PRIMARY KEY (host, repository, alert)
);
CREATE INDEX serve_alerts_incident ON serve_alerts (incident);
CREATE TABLE serve_kept (
    incident TEXT PRIMARY KEY,
    content BYTEA NOT NULL,
    kept_at BIGINT NOT NULL
);
