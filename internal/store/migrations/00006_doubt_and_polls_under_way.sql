-- +goose Up
-- A rewrite that got no answer may still be carried out, over a newer one.
ALTER TABLE requests ADD COLUMN rewrite_begun_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE overviews ADD COLUMN rewrite_begun_at BIGINT NOT NULL DEFAULT 0;

-- Until when the process that polls a source counts as alive, by the database's
-- clock; 0 if none polls. A poll whose process died is made by another.
ALTER TABLE sources ADD COLUMN polling_until BIGINT NOT NULL DEFAULT 0;
