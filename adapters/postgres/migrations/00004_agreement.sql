-- +goose Up
CREATE TABLE views.agreement_raters (
    contributor uuid    NOT NULL,
    size        integer NOT NULL,
    sums        text    COLLATE "C" NOT NULL,
    PRIMARY KEY (contributor, size)
) WITH (fillfactor = 60);

CREATE TABLE views.agreement_everybody (
    size integer PRIMARY KEY,
    sums text    COLLATE "C" NOT NULL
) WITH (fillfactor = 10);

-- +goose Down
DROP TABLE views.agreement_raters, views.agreement_everybody;
