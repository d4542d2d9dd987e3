-- Tables of the service in SQLite. Times are milliseconds since 1970, UTC. The same as migrations/postgresql.
CREATE TABLE serve_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    delivery TEXT NOT NULL,
    digest TEXT NOT NULL,
    event TEXT NOT NULL,
    repository TEXT NOT NULL,
    content BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    worker TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
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
    content BLOB NOT NULL,
    kept_at INTEGER NOT NULL
);
