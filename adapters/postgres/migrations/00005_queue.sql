-- +goose Up
ALTER TABLE views.flags
    ADD author   uuid    NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD fewer    integer NOT NULL DEFAULT 0, -- the reports, below zero: most first when walked upwards
    ADD language text    COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX flags_most ON views.flags (fewer, created, message);
CREATE INDEX flags_most_open ON views.flags (fewer, created, message) WHERE NOT processed;
CREATE INDEX flags_language ON views.flags (language, created, message);
CREATE INDEX flags_language_open ON views.flags (language, created, message) WHERE NOT processed;
CREATE INDEX flags_language_most ON views.flags (language, fewer, created, message);
CREATE INDEX flags_language_most_open ON views.flags (language, fewer, created, message) WHERE NOT processed;
CREATE INDEX flags_author ON views.flags (author, created, message);

CREATE TABLE views.reports (
    message     uuid        NOT NULL,
    number      integer     NOT NULL,
    contributor uuid        NOT NULL,
    at          timestamptz NOT NULL,
    reason      text        COLLATE "C" NOT NULL,
    PRIMARY KEY (message, number)
);
CREATE INDEX reports_contributor ON views.reports (contributor, at, message, number);

-- +goose Down
DROP TABLE views.reports;
ALTER TABLE views.flags DROP author, DROP fewer, DROP language;
