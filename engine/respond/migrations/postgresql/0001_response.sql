-- One row a leaked credential; the document is the incident as JSON, the columns are what is searched for.
CREATE TABLE incidents (
    fingerprint TEXT   NOT NULL PRIMARY KEY,
    state       TEXT   NOT NULL,
    severity    TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    opened_at   BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    document    TEXT   NOT NULL
);
CREATE INDEX incidents_by_state ON incidents (state, due_at);

-- What happened to incidents; rows are only added.
CREATE TABLE incident_events (
    sequence    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    actor       TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    text        TEXT   NOT NULL
);
CREATE INDEX incident_events_by_incident ON incident_events (fingerprint, sequence);

-- Responses that run or ran. At most one that is not finished for a credential.
CREATE TABLE sagas (
    saga        TEXT   NOT NULL PRIMARY KEY,
    fingerprint TEXT   NOT NULL,
    is_open     BIGINT NOT NULL,
    begun_at    BIGINT NOT NULL,
    resume_at   BIGINT,
    plan        TEXT   NOT NULL
);
CREATE UNIQUE INDEX one_open_saga ON sagas (fingerprint) WHERE is_open = 1;

-- The journal: what was about to be done and what came of it; rows are only added. The key refuses a second writer.
CREATE TABLE journal (
    saga        TEXT   NOT NULL,
    sequence    BIGINT NOT NULL,
    record      TEXT   NOT NULL,
    PRIMARY KEY (saga, sequence)
);

-- The second sink of the audit log.
CREATE TABLE audit (
    log         TEXT   NOT NULL,
    sequence    BIGINT NOT NULL,
    record      TEXT   NOT NULL,
    PRIMARY KEY (log, sequence)
);

-- Messages to people: written before they are sent, sent once.
CREATE TABLE notifications (
    message     TEXT   NOT NULL,
    channel     TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    written_at  BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    retry_at    BIGINT,
    sent_at     BIGINT,
    answer      TEXT,
    document    TEXT   NOT NULL,
    PRIMARY KEY (message, channel)
);
CREATE INDEX notifications_to_send ON notifications (sent_at, retry_at);
