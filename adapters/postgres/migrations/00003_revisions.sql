-- +goose Up

-- By which rules the rows of each view were made.
CREATE TABLE views.built (
    view     text        COLLATE "C" PRIMARY KEY,
    revision integer     NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

-- Who commits, until when. One row.
CREATE TABLE views.lead (
    one    boolean     PRIMARY KEY DEFAULT true CHECK (one),
    holder uuid        NOT NULL,
    until  timestamptz NOT NULL
) WITH (fillfactor = 10);

DROP FUNCTION views.advance(text, text, uuid);

-- advance moves the cut within a commit's transaction, or ends it: with DV002
-- when the commit was made before, with DV003 when the views were built by
-- other rules, with DV001 when another commit came first. The cut's row stays
-- locked: one commits at a time.
-- +goose StatementBegin
CREATE FUNCTION views.advance(was text, goes_to text, by_commit uuid, by_rules text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_at views.position;
    rules  text;
BEGIN
    UPDATE views.position SET cut = goes_to, commit = by_commit WHERE cut = was AND commit <> by_commit;
    IF NOT FOUND THEN
        SELECT * INTO now_at FROM views.position;
        RAISE EXCEPTION USING MESSAGE = now_at.cut, ERRCODE = CASE WHEN now_at.commit = by_commit THEN 'DV002' ELSE 'DV001' END;
    END IF;
    SELECT coalesce(string_agg(view || '=' || revision, ' ' ORDER BY view), '') INTO rules FROM views.built;
    IF rules <> by_rules THEN
        RAISE EXCEPTION USING MESSAGE = rules, ERRCODE = 'DV003';
    END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION views.advance(text, text, uuid, text);
DROP TABLE views.lead;
DROP TABLE views.built;
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
