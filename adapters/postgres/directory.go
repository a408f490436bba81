package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/puddle/v2"

	"dendro/domain"
	"dendro/domain/directory"
)

var _ directory.Directory = (*Directory)(nil)

// Directory is a directory.Directory in Postgres, for any number of processes.
// What an erasure cannot reach is told at Erase. Make it with NewDirectory.
type Directory struct {
	pool  *pgxpool.Pool
	calls calls
}

// NewDirectory makes the directory of a database, which was migrated. It ends
// with the pool.
func NewDirectory(pool *pgxpool.Pool) *Directory { return &Directory{pool, callsOf(pool)} }

// repeat does what may be done twice, and once what may not.
func (d *Directory) repeat(ctx context.Context, f func(context.Context) error) error {
	return explainDirectory(d.calls.repeat(ctx, f))
}

func (d *Directory) once(ctx context.Context, f func(context.Context) error) error {
	return explainDirectory(d.calls.once(ctx, f))
}

func explainDirectory(err error) error {
	switch {
	case err == nil, errors.Is(err, directory.ErrUnknown), errors.Is(err, directory.ErrTaken):
		return err
	case errors.Is(err, puddle.ErrClosedPool):
		return fmt.Errorf("%w: %w", directory.ErrClosed, err)
	}
	return fmt.Errorf("directory in Postgres: %w", err)
}

const personColumns = "id, client, method, username, display_name, notes, created"

func scanPerson(row pgx.Row) (p directory.Person, err error) {
	err = row.Scan((*[16]byte)(&p.ID), (*[16]byte)(&p.Client), &p.Login.Method, &p.Login.Username, &p.DisplayName, &p.Notes, &p.Created)
	if errors.Is(err, pgx.ErrNoRows) {
		return directory.Person{}, directory.ErrUnknown
	}
	p.Created = p.Created.UTC()
	return p, err
}

func (d *Directory) person(ctx context.Context, where string, args ...any) (p directory.Person, err error) {
	err = d.repeat(ctx, func(ctx context.Context) (err error) {
		p, err = scanPerson(d.pool.QueryRow(ctx, "SELECT "+personColumns+" FROM directory.people WHERE "+where, args...))
		return err
	})
	return p, err
}

// Person implements directory.People.
func (d *Directory) Person(ctx context.Context, id domain.ContributorID) (directory.Person, error) {
	return d.person(ctx, "id = $1", [16]byte(id))
}

// Persons implements directory.People.
func (d *Directory) Persons(ctx context.Context, ids []domain.ContributorID) (out []directory.Person, err error) {
	people, err := d.people(ctx, "SELECT "+personColumns+" FROM directory.people WHERE id = ANY($1)", uuids(ids))
	byID := make(map[domain.ContributorID]directory.Person, len(people))
	for _, p := range people {
		byID[p.ID] = p
	}
	out = make([]directory.Person, len(ids))
	for i, id := range ids {
		out[i] = byID[id]
	}
	return out, err
}

// ByLogin implements directory.People.
func (d *Directory) ByLogin(ctx context.Context, client domain.ClientID, login directory.Login) (directory.Person, error) {
	if login.Validate() != nil { // no row has it, and Postgres may not take the text
		return directory.Person{}, cmp.Or(ctx.Err(), directory.ErrUnknown)
	}
	return d.person(ctx, "client = $1 AND method = $2 AND username = $3", [16]byte(client), login.Method, login.Username)
}

const insertPerson = "INSERT INTO directory.people (" + personColumns + ", username_folded, display_name_folded) " +
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"

// Add implements directory.People.
func (d *Directory) Add(ctx context.Context, p directory.Person) (directory.Person, error) {
	if err := cmp.Or(ctx.Err(), p.Validate()); err != nil {
		return directory.Person{}, err
	}
	p = p.Kept()
	for {
		// Done twice it finds its own row.
		added, err := d.change(ctx, insertPerson, [16]byte(p.ID), [16]byte(p.Client), p.Login.Method, p.Login.Username,
			p.DisplayName, p.Notes, p.Created, fold(p.Login.Username), fold(p.DisplayName))
		if err != nil {
			return directory.Person{}, err
		}
		if added {
			return p, nil
		}
		if there, err := d.ByLogin(ctx, p.Client, p.Login); !errors.Is(err, directory.ErrUnknown) {
			return there, err
		}
		if _, err := d.Person(ctx, p.ID); !errors.Is(err, directory.ErrUnknown) {
			return directory.Person{}, cmp.Or(err, directory.ErrTaken)
		}
		// What was in the way has been erased meanwhile.
	}
}

// change does what may be done twice, and tells whether a row was changed.
func (d *Directory) change(ctx context.Context, sql string, args ...any) (changed bool, err error) {
	err = d.repeat(ctx, func(ctx context.Context) error {
		tag, err := d.pool.Exec(ctx, sql, args...)
		changed = tag.RowsAffected() > 0
		return err
	})
	return changed, err
}

// Update implements directory.People.
func (d *Directory) Update(ctx context.Context, p directory.Person) error {
	row, err := d.Person(ctx, p.ID)
	if err != nil {
		return err
	}
	row.DisplayName, row.Notes = p.DisplayName, p.Notes
	if err := row.Validate(); err != nil {
		return err
	}
	changed, err := d.change(ctx, "UPDATE directory.people SET display_name = $2, notes = $3, display_name_folded = $4 WHERE id = $1",
		[16]byte(row.ID), row.DisplayName, row.Notes, fold(row.DisplayName))
	if err == nil && !changed {
		return directory.ErrUnknown // it was erased meanwhile
	}
	return err
}

// List implements directory.People. It walks along an index, from the query's
// key on; a search has an index too.
func (d *Directory) List(ctx context.Context, q directory.Query) (people []directory.Person, err error) {
	if err := cmp.Or(ctx.Err(), q.Validate()); err != nil {
		return nil, err
	}
	if q.Method != "" && !slices.Contains(directory.Methods[:], q.Method) || strings.ContainsRune(q.Search, 0) {
		return nil, nil // no row has it, and Postgres would not take the text
	}
	sql, args := listPeople(&q)
	return d.people(ctx, sql, args...)
}

// people gives those that a statement selects.
func (d *Directory) people(ctx context.Context, sql string, args ...any) (people []directory.Person, err error) {
	err = d.repeat(ctx, func(ctx context.Context) error {
		rows, err := d.pool.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		people, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (directory.Person, error) { return scanPerson(row) })
		return err
	})
	return people, err
}

// listPeople writes the query in SQL. There are few ways to write it, so that
// its statements stay prepared.
func listPeople(q *directory.Query) (string, []any) {
	name, way := "username", " ASC"
	if q.Order == directory.ByDisplayName {
		name = "display_name"
	}
	if q.Desc {
		way = " DESC"
	}
	var s selection
	if !q.Client.IsZero() {
		s.where("client = ?", [16]byte(q.Client))
	}
	if q.Method != "" {
		s.where("method = ?", q.Method)
	}
	if q.Search != "" {
		s.where(name+"_folded LIKE ?", "%"+escapeLike(fold(q.Search))+"%")
	}
	beyond(&s, name, ">", q.After)
	beyond(&s, name, "<", q.Before)
	return s.sql("SELECT "+personColumns+" FROM directory.people", " ORDER BY "+name+way+", id"+way+" LIMIT ?", q.Max)
}

func beyond(s *selection, name, side string, k *directory.Key) {
	switch {
	case k == nil:
	case k.ID.IsZero():
		s.where(name+" "+side+"= ?", k.Name)
	default:
		s.where("("+name+", id) "+side+" (?, ?)", k.Name, [16]byte(k.ID))
	}
}

// fold writes a name as searches compare it.
func fold(name string) string { return strings.ToLower(name) }

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func escapeLike(text string) string { return likeEscapes.Replace(text) }
