-- +goose Up
-- Replicas poll a source in turns, and tell each other what came of it.
ALTER TABLE sources ADD COLUMN polled_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN poll_trouble TEXT NOT NULL DEFAULT '';

-- Decided requests are removed by their age, with all that refers to them.
CREATE INDEX requests_decided ON requests (changed_at) WHERE state IN ('approved', 'rejected', 'handled');
CREATE INDEX notices_request ON notices (request_id);
