-- +goose Up

-- What searches find a message by. Rows made before have nothing: the view's
-- revision rises, and it is built anew.
ALTER TABLE views.messages
    ADD reads text     COLLATE "C" NOT NULL DEFAULT '', -- the stemmer of its language; '' for none
    ADD terms tsvector NOT NULL DEFAULT '';
DROP INDEX views.messages_search;
ALTER TABLE views.messages DROP folded;
CREATE INDEX messages_terms ON views.messages USING gin (terms);

-- +goose Down
DROP INDEX views.messages_terms;
ALTER TABLE views.messages DROP reads, DROP terms, ADD folded text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX messages_search ON views.messages USING gin (folded gin_trgm_ops);
