-- +goose Up
-- Times are milliseconds since 1970 in UTC, 0 for none. Both databases have the
-- same tables, so that one set of statements serves them.
CREATE TABLE requests (
    id                     TEXT    NOT NULL PRIMARY KEY,
    source                 TEXT    NOT NULL,
    external_id            TEXT    NOT NULL,
    requester              TEXT    NOT NULL,
    message                TEXT    NOT NULL,
    link                   TEXT    NOT NULL,
    requested_at           BIGINT  NOT NULL,
    received_at            BIGINT  NOT NULL,
    state                  TEXT    NOT NULL,
    version                BIGINT  NOT NULL,
    changed_at             BIGINT  NOT NULL,
    delayed                BOOLEAN NOT NULL,
    -- JSON, empty for none.
    decision               TEXT    NOT NULL,
    confirmation           TEXT    NOT NULL,
    closing                TEXT    NOT NULL,
    effect_attempts        BIGINT  NOT NULL,
    effect_maybe_done      BOOLEAN NOT NULL,
    effect_next_at         BIGINT  NOT NULL,
    effect_claimed_until   BIGINT  NOT NULL,
    channel                TEXT    NOT NULL,
    ts                     TEXT    NOT NULL,
    content_hash           TEXT    NOT NULL,
    delivery_wanted        BIGINT  NOT NULL,
    delivery_done          BIGINT  NOT NULL,
    seen_at                BIGINT  NOT NULL,
    post_begun_at          BIGINT  NOT NULL,
    post_missed_at         BIGINT  NOT NULL,
    delivery_failures      BIGINT  NOT NULL,
    delivery_next_at       BIGINT  NOT NULL,
    delivery_claimed_until BIGINT  NOT NULL,
    missing_polls          BIGINT  NOT NULL,
    missing_not_found      BIGINT  NOT NULL,
    UNIQUE (source, external_id)
);
CREATE INDEX requests_pending ON requests (source, id) WHERE state = 'pending';
CREATE INDEX requests_least_seen ON requests (seen_at) WHERE state = 'pending';
CREATE INDEX requests_deciding ON requests (id) WHERE state IN ('approving', 'rejecting');
CREATE INDEX requests_undelivered ON requests (id) WHERE delivery_done < delivery_wanted;

CREATE TABLE events (
    request_id TEXT   NOT NULL REFERENCES requests (id),
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    action     TEXT   NOT NULL,
    actor      TEXT   NOT NULL,
    key        TEXT   UNIQUE,
    details    TEXT   NOT NULL,
    PRIMARY KEY (request_id, seq)
);

CREATE TABLE access_groups (
    source   TEXT   NOT NULL,
    position BIGINT NOT NULL,
    id       TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    PRIMARY KEY (source, position)
);

CREATE TABLE sources (
    source        TEXT    NOT NULL PRIMARY KEY,
    groups_wanted BOOLEAN NOT NULL,
    groups_known  BOOLEAN NOT NULL
);

CREATE TABLE notices (
    id         TEXT   NOT NULL PRIMARY KEY,
    request_id TEXT   NOT NULL REFERENCES requests (id),
    recipient  TEXT   NOT NULL,
    code       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    details    TEXT   NOT NULL,
    sent_at    BIGINT NOT NULL
);
CREATE INDEX notices_unsent ON notices (at) WHERE sent_at = 0;
