package postgres

import (
	"context"
	"strings"
	"time"

	"dendro/domain"
	"dendro/projections/contributors"
)

type account = contributors.Contributor

var contributorsTable = newTable("contributors", []string{"id"},
	uuidOf("id", func(a *account) *domain.ContributorID { return &a.ID }),
	uuidOf("client", func(a *account) *domain.ClientID { return &a.Client }),
	uuidOf("merged_into", func(a *account) *domain.ContributorID { return &a.MergedInto }),
	timeOf("registered", func(a *account) *time.Time { return &a.Registered }),
	timeOf("consented", func(a *account) *time.Time { return &a.Consented }),
	boolOf("hidden", func(a *account) *bool { return &a.Hidden }),
	boolOf("disabled", func(a *account) *bool { return &a.Disabled }),
	boolOf("discounted", func(a *account) *bool { return &a.Discounted }),
	boolOf("erased", func(a *account) *bool { return &a.Erased }),
	textOf("terms", func(a *account) *string { return &a.Terms }),
	textOf("reason", func(a *account) *string { return &a.Reason }),
)

// Contributor implements contributors.Reader.
func (s *Store) Contributor(ctx context.Context, id domain.ContributorID) (*contributors.Contributor, error) {
	return rowOf(ctx, s, contributorsTable, " WHERE id = $1", [16]byte(id))
}

// Contributors implements contributors.Reader.
func (s *Store) Contributors(ctx context.Context, ids []domain.ContributorID) ([]*contributors.Contributor, error) {
	if ids == nil {
		return rowsOf(ctx, s, contributorsTable, " ORDER BY id")
	}
	rows, err := rowsOf(ctx, s, contributorsTable, " WHERE id = ANY($1)", uuids(ids))
	return inOrderOf(ids, rows, func(a *account) domain.ContributorID { return a.ID }), err
}

// uuids gives ids as Postgres takes them.
func uuids[ID ~[16]byte](ids []ID) [][16]byte {
	out := make([][16]byte, len(ids))
	for i, id := range ids {
		out[i] = [16]byte(id)
	}
	return out
}

// noID is the id that names nothing.
const noID = "'00000000-0000-0000-0000-000000000000'"

// Mergers: those that lead away from an account, and those that lead to it. A
// circle ends when nothing new comes.
const (
	mergersOnward = `onward (id) AS (
		SELECT $1::uuid UNION
		SELECT c.merged_into FROM onward JOIN views.contributors c USING (id) WHERE c.merged_into <> ` + noID + `)`
	mergersBack = `back (id) AS (
		SELECT $1::uuid UNION
		SELECT c.id FROM back JOIN views.contributors c ON c.merged_into = back.id AND c.merged_into <> ` + noID + `)`
	mergersOf = " SELECT id, merged_into FROM views.contributors WHERE merged_into <> " + noID
)

// mergers gives those that a recursive statement finds around an account.
func (s *Store) mergers(ctx context.Context, sql string, of ...any) (found contributors.Mergers, err error) {
	err = s.repeat(ctx, func(ctx context.Context) error {
		found = contributors.Mergers{}
		return query(ctx, s.pool, sql, of, func(raw [][]byte) error {
			found[domain.ContributorID(raw[0])] = domain.ContributorID(raw[1])
			return nil
		})
	})
	return found, err
}

// Owner implements contributors.Reader.
func (s *Store) Owner(ctx context.Context, id domain.ContributorID) (domain.ContributorID, error) {
	found, err := s.mergers(ctx, "WITH RECURSIVE "+mergersOnward+mergersOf+" AND id IN (TABLE onward)", [16]byte(id))
	if err != nil {
		return domain.ContributorID{}, err
	}
	return found.Owner(id), nil
}

// Accounts implements contributors.Reader.
func (s *Store) Accounts(ctx context.Context, owner domain.ContributorID) ([]domain.ContributorID, error) {
	found, err := s.mergers(ctx, "WITH RECURSIVE "+mergersOnward+", "+mergersBack+mergersOf+" AND id IN (TABLE onward UNION TABLE back)", [16]byte(owner))
	if err != nil {
		return nil, err
	}
	return found.Accounts([]domain.ContributorID{owner})[0], nil
}

// Mergers implements contributors.Reader.
func (s *Store) Mergers(ctx context.Context) (contributors.Mergers, error) {
	return s.mergers(ctx, strings.TrimSpace(mergersOf))
}
