-- +goose Up
CREATE SCHEMA views;

-- How far the views have come. One row, which every commit updates.
CREATE TABLE views.position (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    cut    text    COLLATE "C" NOT NULL,
    commit uuid    NOT NULL -- the newest, so that one whose answer was lost is known again
) WITH (fillfactor = 10);

-- advance moves the cut within a commit's transaction, or ends it: with DV002
-- when the commit was made before, with DV001 when another one came first.
-- +goose StatementBegin
CREATE FUNCTION views.advance(was text, goes_to text, by_commit uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_at views.position;
BEGIN
    UPDATE views.position SET cut = goes_to, commit = by_commit WHERE cut = was AND commit <> by_commit;
    IF NOT FOUND THEN
        SELECT * INTO now_at FROM views.position;
        RAISE EXCEPTION USING MESSAGE = now_at.cut, ERRCODE = CASE WHEN now_at.commit = by_commit THEN 'DV002' ELSE 'DV001' END;
    END IF;
END $$;
-- +goose StatementEnd

CREATE TABLE views.tasks (
    id          uuid        PRIMARY KEY,
    tree        uuid        NOT NULL,
    message     uuid        NOT NULL,
    client      uuid        NOT NULL,
    contributor uuid        NOT NULL,
    expires     timestamptz,
    collective  boolean     NOT NULL,
    over        boolean     NOT NULL,
    kind        text        COLLATE "C" NOT NULL,
    frontend_id text        COLLATE "C" NOT NULL
);
CREATE INDEX tasks_frontend ON views.tasks (frontend_id, client, id) WHERE frontend_id <> '';

CREATE TABLE views.contributors (
    id          uuid        PRIMARY KEY,
    client      uuid        NOT NULL,
    merged_into uuid        NOT NULL, -- zero: none
    registered  timestamptz,
    consented   timestamptz,
    hidden      boolean     NOT NULL,
    disabled    boolean     NOT NULL,
    discounted  boolean     NOT NULL,
    erased      boolean     NOT NULL,
    terms       text        COLLATE "C" NOT NULL,
    reason      text        COLLATE "C" NOT NULL
);
CREATE INDEX contributors_merged ON views.contributors (merged_into)
    WHERE merged_into <> '00000000-0000-0000-0000-000000000000';

CREATE TABLE views.flags (
    message   uuid        PRIMARY KEY,
    tree      uuid        NOT NULL,
    created   timestamptz NOT NULL,
    reported  timestamptz,
    reports   integer     NOT NULL,
    processed boolean     NOT NULL
);
CREATE INDEX flags_order ON views.flags (created, message);
CREATE INDEX flags_open ON views.flags (created, message) WHERE NOT processed;

-- Time follows from partition and seq; it stands in the key for the order.
CREATE TABLE views.history (
    subject   text        COLLATE "C" NOT NULL,
    time      timestamptz NOT NULL,
    partition integer     NOT NULL,
    seq       bigint      NOT NULL,
    PRIMARY KEY (subject, time, partition, seq)
);

CREATE TABLE views.trees (
    id           uuid        PRIMARY KEY,
    oldest       timestamptz,
    youngest     timestamptz,
    goal         integer     NOT NULL,
    max_depth    integer     NOT NULL,
    max_children integer     NOT NULL,
    depth        integer     NOT NULL,
    count        integer     NOT NULL,
    language     text        COLLATE "C" NOT NULL,
    state        text        COLLATE "C" NOT NULL,
    origin       text        COLLATE "C" NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX trees_state ON views.trees (state, id);

CREATE TABLE views.messages (
    id          uuid        PRIMARY KEY,
    tree        uuid        NOT NULL,
    parent      uuid        NOT NULL, -- zero for a root
    author      uuid        NOT NULL,
    client      uuid        NOT NULL,
    task        uuid        NOT NULL,
    created     timestamptz NOT NULL,
    depth       integer     NOT NULL,
    result      integer     NOT NULL,
    reviews     integer     NOT NULL,
    rankings    integer     NOT NULL,
    rank        integer     NOT NULL,
    ranked      boolean     NOT NULL,
    deleted     boolean     NOT NULL,
    edited      boolean     NOT NULL,
    synthetic   boolean     NOT NULL,
    role        text        COLLATE "C" NOT NULL,
    language    text        COLLATE "C" NOT NULL,
    lang        text        COLLATE "C" NOT NULL, -- the language in lower case
    model       text        COLLATE "C" NOT NULL,
    frontend_id text        COLLATE "C" NOT NULL,
    emojis      text        COLLATE "C" NOT NULL, -- +1=3,red_flag=1
    text        text        COLLATE "C" NOT NULL,
    folded      text        COLLATE "C" NOT NULL  -- the text in lower case, as searches have it
) WITH (fillfactor = 80);
CREATE INDEX messages_order ON views.messages (created, id);
CREATE INDEX messages_roots ON views.messages (created, id) WHERE parent = '00000000-0000-0000-0000-000000000000';
CREATE INDEX messages_author ON views.messages (author, created, id);
CREATE INDEX messages_lang ON views.messages (lang, created, id);
CREATE INDEX messages_client ON views.messages (client, created, id);
CREATE INDEX messages_tree ON views.messages (tree, created, id);
CREATE INDEX messages_frontend ON views.messages (frontend_id, client, created, id) WHERE frontend_id <> '';
CREATE INDEX messages_search ON views.messages USING gin (folded gin_trgm_ops);

CREATE TABLE views.reactions (
    message     uuid    NOT NULL,
    contributor uuid    NOT NULL,
    emojis      integer NOT NULL, -- bits
    PRIMARY KEY (message, contributor)
);

CREATE TABLE views.revisions (
    message    uuid        NOT NULL,
    number     integer     NOT NULL,
    event      uuid        NOT NULL,
    created    timestamptz,
    actor_kind text        COLLATE "C" NOT NULL,
    actor      text        COLLATE "C" NOT NULL,
    text       text        COLLATE "C" NOT NULL,
    PRIMARY KEY (message, number)
);

-- Kinds are those of boards.Kind; label values are billionths, null where the
-- set has none; marks, bits of them, are null where there is no set.
CREATE TABLE views.deeds (
    subject     uuid        NOT NULL,
    other       uuid        NOT NULL,
    contributor uuid        NOT NULL,
    at          timestamptz NOT NULL,
    kind        integer     NOT NULL,
    marks       integer,
    quality     integer,
    humor       integer,
    toxicity    integer,
    violence    integer,
    helpfulness integer,
    counts      boolean     NOT NULL,
    PRIMARY KEY (subject, kind, other)
);
CREATE INDEX deeds_at ON views.deeds (at)
    INCLUDE (contributor, kind, marks, quality, humor, toxicity, violence, helpfulness) WHERE counts;
CREATE INDEX deeds_contributor ON views.deeds (contributor, at)
    INCLUDE (kind, counts, marks, quality, humor, toxicity, violence, helpfulness);

-- The deeds that count, counted; kept with every commit: by kind, and the label
-- sets' marks, sums and numbers of values.
CREATE TABLE views.deed_totals (
    contributor   uuid   PRIMARY KEY,
    kind_0        bigint NOT NULL,
    kind_1        bigint NOT NULL,
    kind_2        bigint NOT NULL,
    kind_3        bigint NOT NULL,
    kind_4        bigint NOT NULL,
    kind_5        bigint NOT NULL,
    kind_6        bigint NOT NULL,
    kind_7        bigint NOT NULL,
    kind_8        bigint NOT NULL,
    kind_9        bigint NOT NULL,
    kind_10       bigint NOT NULL,
    kind_11       bigint NOT NULL,
    kind_12       bigint NOT NULL,
    kind_13       bigint NOT NULL,
    kind_14       bigint NOT NULL,
    kind_15       bigint NOT NULL,
    kind_16       bigint NOT NULL,
    kind_17       bigint NOT NULL,
    kind_18       bigint NOT NULL,
    mark_0        bigint NOT NULL,
    mark_1        bigint NOT NULL,
    mark_2        bigint NOT NULL,
    mark_3        bigint NOT NULL,
    mark_4        bigint NOT NULL,
    mark_5        bigint NOT NULL,
    mark_6        bigint NOT NULL,
    quality       bigint NOT NULL,
    quality_n     bigint NOT NULL,
    humor         bigint NOT NULL,
    humor_n       bigint NOT NULL,
    toxicity      bigint NOT NULL,
    toxicity_n    bigint NOT NULL,
    violence      bigint NOT NULL,
    violence_n    bigint NOT NULL,
    helpfulness   bigint NOT NULL,
    helpfulness_n bigint NOT NULL
) WITH (fillfactor = 60);

CREATE TABLE views.message_counts (
    language  text    COLLATE "C" NOT NULL,
    role      text    COLLATE "C" NOT NULL,
    synthetic boolean NOT NULL,
    deleted   boolean NOT NULL,
    n         bigint  NOT NULL,
    PRIMARY KEY (language, role, synthetic, deleted)
) WITH (fillfactor = 40);

CREATE TABLE views.tree_counts (
    language text   COLLATE "C" NOT NULL,
    state    text   COLLATE "C" NOT NULL,
    n        bigint NOT NULL,
    PRIMARY KEY (language, state)
) WITH (fillfactor = 40);

CREATE TABLE views.consents (
    one boolean PRIMARY KEY,
    n   bigint  NOT NULL
) WITH (fillfactor = 40);

-- +goose Down
DROP SCHEMA views CASCADE;
