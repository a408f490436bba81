package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/conversations"
)

var conversationTests = []storeTest{
	{"rows of conversations are kept as they are", (*storeSuite).conversations},
	{"trees are given by id, all or active ones", (*storeSuite).trees},
	{"reactions and revisions are those of a message", (*storeSuite).reactionsAndRevisions},
	{"messages are those filtered and sorted", (*storeSuite).messages},
	{"messages are found by id, tree and frontend's id", (*storeSuite).messageLookups},
	{"of many messages a page is what a query says", (*storeSuite).manyMessages},
	{"texts are found by their words, in their language", (*storeSuite).searches},
	{"a search with many answers gives the first of them", (*storeSuite).commonWords},
	{"a search ends with its context", (*storeSuite).searchCancelled},
	{"whatever characters a text has, it stays", (*storeSuite).texts},
}

func (s *storeSuite) conversations() {
	emojis := []tree.EmojiCount{{Emoji: domain.EmojiUp, Count: 3}, {Emoji: domain.EmojiSkipRanking, Count: 1}}
	full := &conversations.Message{
		ID: domain.MessageID{1}, Tree: domain.TreeID{2}, Parent: domain.MessageID{3}, Author: domain.ContributorID{4},
		Client: domain.ClientID{5}, Task: domain.TaskID{6}, FrontendID: "7", Role: domain.Assistant, Text: "Größe 8",
		Language: "pt-BR", Depth: 9, Created: storeEra, Result: tree.Rejected, Reviews: 10, Rankings: 11, Ranked: true, Rank: 12,
		Deleted: true, Edited: true, Synthetic: true, Model: "model 13", Emojis: emojis,
	}
	bare := &conversations.Message{ID: domain.MessageID{2}, Created: storeEra.Add(time.Second)}
	grown := &conversations.Tree{
		ID: domain.TreeID{2}, Language: "pt-BR", State: domain.Ranking, Goal: 1, MaxDepth: 2, MaxChildren: 3, Origin: "4", Depth: 5,
		Count: 6, Oldest: storeEra, Youngest: storeEra.Add(time.Hour),
	}
	empty := &conversations.Tree{ID: domain.TreeID{3}}
	revision := &conversations.Revision{
		Message: full.ID, Number: 1, Text: "2", Event: domain.EventID{3}, Actor: domain.ByModerator("4"), Created: storeEra,
	}
	s.put(full, bare, grown, empty, revision)
	answer(s.store.Message(s.ctx, full.ID)).is(s, "a message with all fields", full)
	answer(s.store.Message(s.ctx, bare.ID)).is(s, "a message with few fields", bare)
	answer(s.store.Tree(s.ctx, grown.ID)).is(s, "a tree with all fields", grown)
	answer(s.store.Tree(s.ctx, empty.ID)).is(s, "a tree with few fields", empty)
	answer(s.store.Revisions(s.ctx, full.ID)).is(s, "a revision", []*conversations.Revision{revision})
	answer(s.store.Message(s.ctx, domain.MessageID{9})).is(s, "no message", nil)
	answer(s.store.MessagesByID(s.ctx, []domain.MessageID{bare.ID, {9}, full.ID, bare.ID})).is(s, "messages by id", []*conversations.Message{bare, nil, full, bare})
	answer(s.store.Tree(s.ctx, domain.TreeID{9})).is(s, "no tree", nil)
}

func (s *storeSuite) trees() {
	row := func(n byte, state domain.TreeState) *conversations.Tree {
		return &conversations.Tree{ID: domain.TreeID{n}, State: state}
	}
	a, b, c := row(1, domain.Growing), row(2, domain.ReadyForExport), row(3, domain.Ranking)
	ended := row(3, domain.HaltedByModerator)
	type list = []*conversations.Tree
	for _, step := range []struct {
		change      projections.Change
		all, active list
	}{
		{projections.Put(c), list{c}, list{c}},
		{projections.Put(b), list{b, c}, list{c}},
		{projections.Put(a), list{a, b, c}, list{a, c}},
		{projections.Put(ended), list{a, b, ended}, list{a}},
		{projections.Remove(row(1, "")), list{b, ended}, nil},
	} {
		s.commit(step.change)
		answer(s.store.Trees(s.ctx, false)).is(s, "all trees", step.all)
		answer(s.store.Trees(s.ctx, true)).is(s, "active trees", step.active)
	}
	answer(s.store.Tree(s.ctx, a.ID)).is(s, "a tree that is gone", nil)
}

func (s *storeSuite) reactionsAndRevisions() {
	one, two := domain.MessageID{1}, domain.MessageID{2}
	ann, bob := domain.ContributorID{1}, domain.ContributorID{2}
	s.commit(
		projections.Put(&conversations.Reaction{Message: one, By: bob, Emojis: 4}),
		projections.Put(&conversations.Reaction{Message: one, By: ann, Emojis: 1}),
		projections.Put(&conversations.Reaction{Message: two, By: ann, Emojis: 2}),
		projections.Put(&conversations.Reaction{Message: one, By: ann, Emojis: 0xffff}),
		projections.Remove(&conversations.Reaction{Message: two, By: ann}),
		projections.Remove(&conversations.Reaction{Message: two, By: bob}),
	)
	for by, want := range map[domain.ContributorID][]uint16{ann: {0, 0xffff, 0}, bob: {0, 4, 0}, {3}: {0, 0, 0}} {
		answer(s.store.Reactions(s.ctx, by, []domain.MessageID{two, one, {9}})).is(s, "reactions by "+by.String(), want)
	}
	answer(s.store.Reactions(s.ctx, ann, nil)).is(s, "reactions on nothing", nil)
	first, second := &conversations.Revision{Message: one, Text: "a"}, &conversations.Revision{Message: one, Number: 1, Text: "b"}
	s.put(second, first)
	got, err := s.store.Revisions(s.ctx, one)
	answer(got, err).is(s, "revisions", []*conversations.Revision{first, second})
	s.put(&conversations.Revision{Message: one, Number: 1, Text: "c"})
	answer(got, nil).is(s, "revisions that were given before", []*conversations.Revision{first, second})
	answer(s.store.Revisions(s.ctx, two)).is(s, "revisions of a message that has none", nil)
}

// storeShelves is how many different sets of messages are compared.
const storeShelves = 10

func (s *storeSuite) messages() {
	for range storeShelves {
		shelf := newShelf(s, 1+s.dice.Below(30))
		shelf.fill(s.dice.Below(60))
		for range 20 {
			shelf.compare(shelf.query())
		}
		shelf.pages(shelf.query())
		shelf.clear()
	}
}

func (s *storeSuite) messageLookups() {
	shelf := newShelf(s, 9)
	shelf.fill(60)
	trees := map[domain.TreeID][]*conversations.Message{}
	first := map[string]*conversations.Message{}
	for _, m := range shelf.sorted() {
		trees[m.Tree] = append(trees[m.Tree], m)
		if name := m.Client.String() + m.FrontendID; m.FrontendID != "" && first[name] == nil {
			first[name] = m
		}
		answer(s.store.Message(s.ctx, m.ID)).is(s, "a message", m)
	}
	for n := range byte(9) {
		id := domain.TreeID{1: n}
		answer(s.store.TreeMessages(s.ctx, id)).is(s, "a tree's messages", trees[id])
	}
	for c := range byte(4) {
		for n := range 41 {
			client, name := domain.ClientID{3: c}, fmt.Sprint(n)
			answer(s.store.MessageByFrontend(s.ctx, client, name)).is(s, "a client's message "+name, first[client.String()+name])
		}
	}
	answer(s.store.MessageByFrontend(s.ctx, domain.ClientID{}, "")).is(s, "a message without a frontend's id", nil)
}

// manyMessages has more of them than a store may look at in one go.
func (s *storeSuite) manyMessages() {
	shelf := newShelf(s, 4000)
	shelf.fill(3000)
	for range 20 {
		q := shelf.query()
		q.Max *= 60
		shelf.compare(q)
	}
	q := shelf.query()
	q.Max = 400
	shelf.pages(q)
}

func (s *storeSuite) searchCancelled() {
	newShelf(s, 4000).fill(100)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := s.store.Messages(ctx, conversations.Query{Search: "nothing", Max: 1}); !errors.Is(err, context.Canceled) {
		s.Errorf("a search without time gave %v", err)
	}
}

// texts has what some stores keep only with care. A reader of such a text finds
// it by its words.
func (s *storeSuite) texts() {
	for n, text := range []string{
		"", "a\x00word\x00", "no \xff\xfe UTF-8 word", "private \ue000\ue0ff\ue100\ue1ff word", "\ufffd word", "{\"word\", NULL}", "'word'\\ %_",
	} {
		m := &conversations.Message{
			ID: domain.MessageID{byte(n)}, Created: storeEra.Add(time.Duration(n) * time.Second), Text: text, FrontendID: text, Language: text, Model: text,
		}
		s.put(m)
		answer(s.store.Message(s.ctx, m.ID)).is(s, "a text", m)
		if text == "" {
			continue
		}
		answer(s.store.MessageByFrontend(s.ctx, m.Client, text)).is(s, "a text as an id", m)
		for _, q := range []conversations.Query{{Search: "WORD"}, {Language: text}, {Search: "word", Language: text}} {
			q.Max, q.Desc = 1, true
			answer(s.store.Messages(s.ctx, q)).is(s, "a text that is looked for", []*conversations.Message{m})
		}
		q := conversations.Query{Search: text, Max: 1, Desc: true}
		answer(s.store.Messages(s.ctx, q)).is(s, "a text as words", []*conversations.Message{m})
	}
}

func compareMessages(a, b *conversations.Message) int {
	if c := a.Created.Compare(b.Created); c != 0 {
		return c
	}
	return a.ID.Compare(b.ID)
}

func oneOf[T any](d *domain.Dice, list ...T) T { return list[d.Below(len(list))] }

func sortedMessages(rows map[domain.MessageID]*conversations.Message) (out []*conversations.Message) {
	for _, m := range rows {
		out = append(out, m)
	}
	slices.SortFunc(out, compareMessages)
	return out
}
