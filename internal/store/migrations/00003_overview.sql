-- +goose Up
-- Requests that came faster than they can be posted wait behind one message.
ALTER TABLE requests ADD COLUMN delivery_held BOOLEAN NOT NULL DEFAULT FALSE;
DROP INDEX requests_undelivered;
CREATE INDEX requests_undelivered ON requests (id) WHERE delivery_done < delivery_wanted AND NOT delivery_held;
CREATE INDEX requests_held ON requests (source, id) WHERE delivery_held AND state = 'pending';

CREATE TABLE overviews (
    source                 TEXT    NOT NULL PRIMARY KEY,
    held                   BIGINT  NOT NULL,
    oldest_at              BIGINT  NOT NULL,
    channel                TEXT    NOT NULL,
    ts                     TEXT    NOT NULL,
    content_hash           TEXT    NOT NULL,
    delivery_held          BOOLEAN NOT NULL,
    delivery_wanted        BIGINT  NOT NULL,
    delivery_done          BIGINT  NOT NULL,
    seen_at                BIGINT  NOT NULL,
    post_begun_at          BIGINT  NOT NULL,
    post_missed_at         BIGINT  NOT NULL,
    delivery_failures      BIGINT  NOT NULL,
    delivery_next_at       BIGINT  NOT NULL,
    delivery_claimed_until BIGINT  NOT NULL
);
