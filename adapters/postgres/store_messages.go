package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"dendro/projections/conversations"
)

// Messages implements conversations.Reader. It walks along an index, or asks
// the one for searches, whichever Postgres finds to have the fewest messages to
// look at: that depends on what is asked for, so each question gets a plan of
// its own.
func (s *Store) Messages(ctx context.Context, q conversations.Query) ([]*conversations.Message, error) {
	sel := selectMessages(&q)
	rest, args := sel.sql("", " ORDER BY "+inOrder(q.Desc, "created", "id")+" LIMIT ?", q.Max)
	return rowsOf(ctx, s, messagesTable, rest, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}

func selectMessages(q *conversations.Query) *selection {
	s := &selection{}
	if q.Authors != nil {
		s.where("author = ANY(?)", uuids(q.Authors))
	}
	if !q.Client.IsZero() {
		s.where("client = ?", [16]byte(q.Client))
	}
	if q.Language != "" {
		s.where("lang = ?", quote(strings.ToLower(q.Language)))
	}
	if q.Roots {
		s.where("parent = " + noID)
	}
	if !q.Deleted {
		s.where("NOT deleted")
	}
	if !q.From.IsZero() {
		s.from("created", q.From)
	}
	if !q.To.IsZero() {
		s.to("created", q.To)
	}
	if k := q.After; k != nil {
		s.after("created", "id", k.Created, k.ID)
	}
	if k := q.Before; k != nil {
		s.before("created", "id", k.Created, k.ID)
	}
	if q.Search != "" {
		s.search(q.Language, q.Search)
	}
	return s
}
