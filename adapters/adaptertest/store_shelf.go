package adaptertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/conversations"
	"dendro/projections/terms"
)

// shelf is the messages that a store should have.
type shelf struct {
	*storeSuite
	rows   map[domain.MessageID]*conversations.Message
	spread int // how many instants there are
}

func newShelf(s *storeSuite, spread int) *shelf {
	return &shelf{s, map[domain.MessageID]*conversations.Message{}, spread}
}

// message makes up a message of few values, so that many share them.
func (s *shelf) message() *conversations.Message {
	m := &conversations.Message{
		Tree: domain.TreeID{1: byte(s.dice.Below(9))}, Author: s.author(), Client: domain.ClientID{3: byte(s.dice.Below(3))},
		Language: oneOf(s.dice, "en", "EN", "pt-BR", "pt-br", "de", "zh"), Created: s.instant(), Deleted: s.dice.Below(4) == 0,
		Text: fmt.Sprint(s.word(), ", ", s.word(), "! ", s.word()), FrontendID: oneOf(s.dice, "", fmt.Sprint(s.dice.Below(40))),
	}
	for i := range 2 { // a few bytes of id, at both ends
		m.ID[15*i] = byte(1 + s.dice.Below(250))
	}
	m.ID[7] = byte(s.dice.Below(256))
	if s.dice.Below(3) > 0 {
		m.Parent = domain.MessageID{1}
	}
	return m
}

func (s *shelf) author() domain.ContributorID {
	return domain.ContributorID{2: byte(s.dice.Below(5))}
}

func (s *shelf) instant() time.Time {
	return storeEra.Add(time.Duration(s.dice.Below(s.spread)) * time.Microsecond)
}

func (s *shelf) word() string {
	return oneOf(s.dice, "tree", "Tree", "TREES", "Straße", "STRASSEN", "ÄRGER", "ärger", "日本", "日本語", "本", "हिन्दी", "a1", "B", "50%", "x_y",
		"running", "runs", "livro", "livros", "หลุมดำ", "don't")
}

// shelfCommit is how many changes are committed at once.
const shelfCommit = 50

// fill puts in messages in any order, changes some, and takes some away.
func (s *shelf) fill(n int) {
	var changes []projections.Change
	for range n {
		m := s.message()
		if s.rows[m.ID] == nil {
			s.rows[m.ID] = m
			changes = append(changes, projections.Put(m))
		}
	}
	s.commitInParts(changes)
	changes = changes[:0]
	for _, m := range sortedMessages(s.rows) {
		switch s.dice.Below(6) {
		case 0:
			delete(s.rows, m.ID)
			changes = append(changes, projections.Remove(&conversations.Message{ID: m.ID}))
		case 1:
			changed := *m
			changed.Text, changed.Deleted = s.word(), !m.Deleted
			s.rows[m.ID] = &changed
			changes = append(changes, projections.Put(&changed))
		}
	}
	s.commitInParts(changes)
}

func (s *shelf) commitInParts(changes []projections.Change) {
	for part := range slices.Chunk(changes, shelfCommit) {
		s.commit(part...)
	}
}

// commitAll puts in all that is there.
func (s *shelf) commitAll() {
	for part := range slices.Chunk(sortedMessages(s.rows), 1000) {
		var changes []projections.Change
		for _, m := range part {
			changes = append(changes, projections.Put(m))
		}
		s.commit(changes...)
	}
}

// clear takes all messages away.
func (s *shelf) clear() {
	for _, m := range sortedMessages(s.rows) {
		delete(s.rows, m.ID)
		s.commit(projections.Remove(&conversations.Message{ID: m.ID}))
	}
	s.compare(conversations.Query{Deleted: true, Max: 1})
}

// query makes one up; each field limits now and then.
func (s *shelf) query() conversations.Query {
	q := conversations.Query{
		Language: oneOf(s.dice, "", "", "en", "PT-br", "xx", "DE"), Roots: s.dice.Below(3) == 0, Deleted: s.dice.Below(2) == 0,
		Search: oneOf(s.dice, "", "", s.word(), s.word()+" "+s.word(), "...", "nothing", strings.Repeat("r e t ", 9)+"tree"),
		Desc:   s.dice.Below(2) == 0, Max: 1 + s.dice.Below(20),
	}
	if s.dice.Below(4) == 0 {
		q.Client = domain.ClientID{3: byte(s.dice.Below(4))}
	}
	for range s.dice.Below(2) * s.dice.Below(4) {
		q.Authors = append(q.Authors, oneOf(s.dice, s.author(), domain.ContributorID{9}))
	}
	if s.dice.Below(20) == 0 {
		q.Authors = []domain.ContributorID{}
	}
	if s.dice.Below(4) == 0 {
		q.From = s.fraction()
	}
	if s.dice.Below(4) == 0 {
		q.To = s.fraction()
	}
	if s.dice.Below(3) == 0 {
		q.After = s.key()
	}
	if s.dice.Below(3) == 0 {
		q.Before = s.key()
	}
	return q
}

// fraction is an instant, or close to one.
func (s *shelf) fraction() time.Time {
	return s.instant().Add(time.Duration(oneOf(s.dice, 0, 0, 1, -1)) * time.Nanosecond)
}

func (s *shelf) key() *conversations.Key {
	var last domain.MessageID
	for i := range last {
		last[i] = 0xff
	}
	switch all := sortedMessages(s.rows); {
	case len(all) > 0 && s.dice.Below(2) == 0:
		return keyOf(oneOf(s.dice, all...))
	case s.dice.Below(2) == 0:
		return &conversations.Key{Created: s.fraction(), ID: oneOf(s.dice, s.message().ID, domain.MessageID{15: 1}, last)}
	}
	return &conversations.Key{Created: s.fraction()}
}

func keyOf(m *conversations.Message) *conversations.Key {
	return &conversations.Key{Created: m.Created, ID: m.ID}
}

// filtered answers a query by looking at all messages.
func filtered(all []*conversations.Message, q conversations.Query) (out []*conversations.Message) {
	for _, m := range all {
		if fits(m, q) {
			out = append(out, m)
		}
	}
	if q.Desc {
		slices.Reverse(out)
	}
	return out[:min(len(out), q.Max)]
}

func fits(m *conversations.Message, q conversations.Query) bool {
	return found(m, q.Search) && (q.Authors == nil || slices.Contains(q.Authors, m.Author)) &&
		(q.Client.IsZero() || q.Client == m.Client) &&
		(q.Language == "" || strings.EqualFold(q.Language, m.Language)) &&
		(!q.Roots || m.Parent.IsZero()) && (q.Deleted || !m.Deleted) &&
		(q.From.IsZero() || !m.Created.Before(q.From)) && (q.To.IsZero() || !m.Created.After(q.To)) &&
		(q.After == nil || beyondKey(m, q.After, 1)) && (q.Before == nil || beyondKey(m, q.Before, -1))
}

// found reports whether the text has all that the search looks for, both read
// by the rules of the message's language.
func found(m *conversations.Message, search string) bool {
	var text, asked terms.Analyzer
	by := terms.StemmerOf(m.Language)
	have := text.Terms(by, m.Text)
	return !slices.ContainsFunc(asked.Search(by, search), func(term string) bool { return !slices.Contains(have, term) })
}

// beyondKey reports whether the message is on that side of the key.
func beyondKey(m *conversations.Message, k *conversations.Key, side int) bool {
	if c := m.Created.Compare(k.Created); c != 0 {
		return c == side
	}
	return k.ID.IsZero() || m.ID.Compare(k.ID)*side > 0
}

func (s *shelf) compare(q conversations.Query) {
	s.Helper()
	answer(s.store.Messages(s.ctx, q)).is(s.storeSuite, fmt.Sprintf("%+v", q), filtered(sortedMessages(s.rows), q))
}

func (s *shelf) sorted() []*conversations.Message { return sortedMessages(s.rows) }

// pages walks through a query in pages, from one end to the other and back, and
// must meet each message once.
func (s *shelf) pages(q conversations.Query) {
	s.Helper()
	for _, desc := range []bool{false, true} {
		q.Desc = desc
		all := q
		all.Max = len(s.rows) + 1
		var met []*conversations.Message
		for step := q; ; {
			page, err := s.store.Messages(s.ctx, step)
			if err != nil {
				s.Fatal(err)
			}
			if met = append(met, page...); len(page) == 0 {
				break
			}
			if last := keyOf(page[len(page)-1]); desc {
				step.Before = last
			} else {
				step.After = last
			}
		}
		answer(met, nil).is(s.storeSuite, fmt.Sprintf("pages of %+v", q), filtered(s.sorted(), all))
	}
}
