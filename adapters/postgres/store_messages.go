package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"dendro/projections/conversations"
)

// maxIndexedWords is how many words of a search an index is asked for: the
// longest, which are the rarest.
const maxIndexedWords = 8

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
	s.search(q.Search)
	return s
}

// search takes the texts that have every word.
func (s *selection) search(text string) {
	words := wordsOf(text)
	indexed := min(len(words), maxIndexedWords)
	for _, w := range words[:indexed] {
		s.where("folded LIKE ?", "%"+w+"%") // words hold nothing that LIKE reads otherwise
	}
	if rest := words[indexed:]; len(rest) > 0 {
		for i, w := range rest {
			rest[i] = "%" + w + "%"
		}
		s.where("folded LIKE ALL(?)", rest)
	}
}

// wordsOf gives the words of a search in lower case, each once, the longest
// first.
func wordsOf(search string) []string {
	words := strings.FieldsFunc(strings.ToLower(search), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(utf8.RuneCountInString(b)-utf8.RuneCountInString(a), strings.Compare(a, b))
	})
	return slices.Compact(words)
}

// foldText writes a text as searches compare it. A zero byte is no part of a
// word.
func foldText(text string) string {
	return strings.ReplaceAll(strings.ToLower(strings.ToValidUTF8(text, " ")), "\x00", " ")
}
