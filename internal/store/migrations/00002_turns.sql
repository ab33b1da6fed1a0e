-- +goose Up
-- Turns keep the common pace of processes that share a database: all turns
-- until taken_until, in milliseconds since 1970, are taken.
CREATE TABLE turns (
    name        TEXT   NOT NULL PRIMARY KEY,
    taken_until BIGINT NOT NULL
);
