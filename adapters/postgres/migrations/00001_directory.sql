-- +goose Up
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE SCHEMA directory;

-- Texts are compared by their bytes. What of them is sorted or searched stays
-- out of Postgres' statistics, which would keep samples of it beyond an
-- erasure.
CREATE TABLE directory.people (
    id                  uuid        PRIMARY KEY,
    client              uuid        NOT NULL,
    method              text        COLLATE "C" NOT NULL,
    username            text        COLLATE "C" NOT NULL,
    display_name        text        COLLATE "C" NOT NULL,
    notes               text        COLLATE "C" NOT NULL,
    created             timestamptz NOT NULL,
    username_folded     text        COLLATE "C" NOT NULL, -- in lower case, as searches have it
    display_name_folded text        COLLATE "C" NOT NULL,
    CONSTRAINT people_login UNIQUE (client, method, username)
);
ALTER TABLE directory.people
    ALTER username SET STATISTICS 0,
    ALTER display_name SET STATISTICS 0,
    ALTER notes SET STATISTICS 0,
    ALTER username_folded SET STATISTICS 0,
    ALTER display_name_folded SET STATISTICS 0;

CREATE INDEX people_username ON directory.people (username, id);
CREATE INDEX people_display_name ON directory.people (display_name, id);
CREATE INDEX people_client_username ON directory.people (client, username, id);
CREATE INDEX people_client_display_name ON directory.people (client, display_name, id);
CREATE INDEX people_search ON directory.people USING gin (username_folded gin_trgm_ops, display_name_folded gin_trgm_ops);

-- Rows that were removed, and of which bytes may still be in the table's files.
CREATE TABLE directory.erasures (
    id  uuid PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE directory.clients (
    id            uuid        PRIMARY KEY,
    key_hash      bytea       NOT NULL UNIQUE,
    description   text        COLLATE "C" NOT NULL,
    frontend_type text        COLLATE "C" NOT NULL,
    admin_email   text        COLLATE "C" NOT NULL,
    trusted       boolean     NOT NULL,
    revoked       boolean     NOT NULL,
    created       timestamptz NOT NULL
);

CREATE TABLE directory.root (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    key_hash bytea   NOT NULL
);

-- +goose Down
DROP SCHEMA directory CASCADE;
