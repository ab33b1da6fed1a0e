-- +goose Up
-- Beats are written now and then to see whether the database can be written:
-- what changes nothing never reaches the disk.
CREATE TABLE beats (
    id INTEGER PRIMARY KEY,
    n  BIGINT  NOT NULL
);
