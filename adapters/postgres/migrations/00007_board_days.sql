-- +goose Up

-- How many deeds a total counts: one of none is taken away, so that what is kept
-- up is what a fresh count gives.
ALTER TABLE views.deed_totals ADD deeds bigint GENERATED ALWAYS AS (
    kind_0 + kind_1 + kind_2 + kind_3 + kind_4 + kind_5 + kind_6 + kind_7 + kind_8 + kind_9 +
    kind_10 + kind_11 + kind_12 + kind_13 + kind_14 + kind_15 + kind_16 + kind_17 + kind_18) STORED;
DELETE FROM views.deed_totals WHERE deeds = 0;
CREATE INDEX deed_totals_none ON views.deed_totals (contributor) WHERE deeds = 0;

-- The same by UTC day of the deeds: boards of weeks and months begin at midnight.
CREATE TABLE views.deed_days (
    day           timestamptz NOT NULL,
    contributor   uuid        NOT NULL,
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
    helpfulness_n bigint NOT NULL,
    deeds         bigint GENERATED ALWAYS AS (
        kind_0 + kind_1 + kind_2 + kind_3 + kind_4 + kind_5 + kind_6 + kind_7 + kind_8 + kind_9 +
        kind_10 + kind_11 + kind_12 + kind_13 + kind_14 + kind_15 + kind_16 + kind_17 + kind_18) STORED,
    PRIMARY KEY (day, contributor)
) WITH (fillfactor = 60);
INSERT INTO views.deed_days
    SELECT date_trunc('day', at, 'UTC'), contributor,
        count(*) FILTER (WHERE kind = 0),
        count(*) FILTER (WHERE kind = 1),
        count(*) FILTER (WHERE kind = 2),
        count(*) FILTER (WHERE kind = 3),
        count(*) FILTER (WHERE kind = 4),
        count(*) FILTER (WHERE kind = 5),
        count(*) FILTER (WHERE kind = 6),
        count(*) FILTER (WHERE kind = 7),
        count(*) FILTER (WHERE kind = 8),
        count(*) FILTER (WHERE kind = 9),
        count(*) FILTER (WHERE kind = 10),
        count(*) FILTER (WHERE kind = 11),
        count(*) FILTER (WHERE kind = 12),
        count(*) FILTER (WHERE kind = 13),
        count(*) FILTER (WHERE kind = 14),
        count(*) FILTER (WHERE kind = 15),
        count(*) FILTER (WHERE kind = 16),
        count(*) FILTER (WHERE kind = 17),
        count(*) FILTER (WHERE kind = 18),
        coalesce(sum(marks >> 0 & 1), 0),
        coalesce(sum(marks >> 1 & 1), 0),
        coalesce(sum(marks >> 2 & 1), 0),
        coalesce(sum(marks >> 3 & 1), 0),
        coalesce(sum(marks >> 4 & 1), 0),
        coalesce(sum(marks >> 5 & 1), 0),
        coalesce(sum(marks >> 6 & 1), 0),
        coalesce(sum(quality::bigint), 0),
        count(quality),
        coalesce(sum(humor::bigint), 0),
        count(humor),
        coalesce(sum(toxicity::bigint), 0),
        count(toxicity),
        coalesce(sum(violence::bigint), 0),
        count(violence),
        coalesce(sum(helpfulness::bigint), 0),
        count(helpfulness)
    FROM views.deeds WHERE counts GROUP BY 1, 2;
CREATE INDEX deed_days_contributor ON views.deed_days (contributor, day);
CREATE INDEX deed_days_none ON views.deed_days (day, contributor) WHERE deeds = 0;

-- +goose Down
DROP TABLE views.deed_days;
ALTER TABLE views.deed_totals DROP deeds;
