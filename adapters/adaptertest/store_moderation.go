package adaptertest

import (
	"cmp"
	"math"
	"slices"
	"time"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/moderation"
)

var moderationTests = []storeTest{
	{"flags stand in order and are paged through", (*storeSuite).flags},
	{"flags are those of a model", (*storeSuite).flagsModel},
	{"reports are those of a model", (*storeSuite).reportsModel},
	{"a history gives the newest, oldest first", (*storeSuite).history},
	{"histories are those of a model", (*storeSuite).historyModel},
}

func (s *storeSuite) flags() {
	flag := func(n byte, minute int, processed bool) *moderation.Flag {
		created := storeEra.Add(time.Duration(minute) * time.Minute)
		return &moderation.Flag{
			Message: domain.MessageID{15: n}, Tree: domain.TreeID{15: n}, Created: created,
			Reported: created.Add(time.Hour), Reports: int(n), Processed: processed,
		}
	}
	one, two, three, four := flag(3, 1, false), flag(1, 2, true), flag(2, 2, false), flag(4, 3, false)
	s.put(four, two, one, three)
	gives := func(what string, q moderation.FlagQuery, want ...*moderation.Flag) {
		s.Helper()
		answer(s.store.Flags(s.ctx, q)).is(s, what, want)
	}
	at := func(f *moderation.Flag) *moderation.FlagKey {
		return &moderation.FlagKey{Created: f.Created, Message: f.Message}
	}
	instant := func(f *moderation.Flag) *moderation.FlagKey { return &moderation.FlagKey{Created: f.Created} }
	gives("all", moderation.FlagQuery{Max: 9}, one, two, three, four)
	gives("all, newest first", moderation.FlagQuery{Max: 9, Desc: true}, four, three, two, one)
	gives("the open ones", moderation.FlagQuery{Max: 9, Open: true}, one, three, four)
	gives("the first two", moderation.FlagQuery{Max: 2}, one, two)
	gives("the last two", moderation.FlagQuery{Max: 2, Desc: true}, four, three)
	gives("after a flag", moderation.FlagQuery{Max: 9, After: at(two)}, three, four)
	gives("after an instant", moderation.FlagQuery{Max: 9, After: instant(two)}, two, three, four)
	gives("before a flag", moderation.FlagQuery{Max: 9, Before: at(three)}, one, two)
	gives("before an instant", moderation.FlagQuery{Max: 9, Before: instant(three)}, one, two, three)
	gives("between, newest first", moderation.FlagQuery{Max: 9, After: at(one), Before: at(four), Desc: true}, three, two)
	gives("just before, newest first", moderation.FlagQuery{Max: 1, Before: at(four), Desc: true}, three)
	most := func(reports int, f *moderation.Flag) *moderation.FlagKey {
		return &moderation.FlagKey{Reports: reports, Created: f.Created, Message: f.Message}
	}
	gives("most flagged first", moderation.FlagQuery{Max: 9, Most: true}, four, one, three, two)
	gives("after one as flagged, but older", moderation.FlagQuery{Max: 9, Most: true, After: most(3, four)}, three, two)
	gives("after one more flagged than any can be", moderation.FlagQuery{Max: 9, Most: true, After: most(math.MaxInt, two)}, four, one, three, two)
	gives("before one less flagged than any can be", moderation.FlagQuery{Max: 9, Most: true, Before: most(-math.MaxInt, two), Desc: true}, two, three, one, four)
	gives("nothing between", moderation.FlagQuery{Max: 9, After: at(four), Before: at(one)})
	answer(s.store.Flag(s.ctx, two.Message)).is(s, "a flag", two)
	answer(s.store.Flag(s.ctx, domain.MessageID{9})).is(s, "no flag", nil)
	again := *two
	again.Processed = false
	s.put(&again)
	gives("open again", moderation.FlagQuery{Max: 9, Open: true}, one, &again, three, four)
}

func compareFlags(most bool) func(a, b *moderation.Flag) int {
	return func(a, b *moderation.Flag) int {
		c := 0
		if most {
			c = cmp.Compare(b.Reports, a.Reports)
		}
		return cmp.Or(c, a.Created.Compare(b.Created), a.Message.Compare(b.Message))
	}
}

func (s *storeSuite) flagsModel() {
	const messages, instants = 8, 3
	rows := model[domain.MessageID, *moderation.Flag]{}
	instant := func() time.Time { return storeEra.Add(time.Duration(s.dice.Below(instants)) * time.Microsecond) }
	draw := func() projections.Change {
		id := domain.MessageID{15: byte(1 + s.dice.Below(messages))}
		row := &moderation.Flag{
			Message: id, Created: instant(), Reported: storeEra, Reports: 1 + s.dice.Below(3), Processed: s.dice.Chance(1, 2),
			Author: account(byte(s.dice.Below(3))), Language: oneOf(s.dice, "", "en", "pt-BR"),
		}
		return rows.draw(s, id, &moderation.Flag{Message: id}, row)
	}
	key := func() *moderation.FlagKey {
		if s.dice.Chance(1, 2) {
			return nil
		}
		// Message 0 stands for a whole instant; the last ones are of no row.
		return &moderation.FlagKey{Reports: 1 + s.dice.Below(3), Created: instant(), Message: domain.MessageID{15: byte(s.dice.Below(messages + 3))}}
	}
	s.rounds(draw, func() {
		for range 10 {
			q := moderation.FlagQuery{
				Language: oneOf(s.dice, "", "", "en", "pt-BR", "pt"), Most: s.dice.Chance(1, 2),
				Open: s.dice.Chance(1, 2), After: key(), Before: key(), Desc: s.dice.Chance(1, 2), Max: 1 + s.dice.Below(messages),
			}
			q.Authors = oneOf(s.dice, nil, nil, []domain.ContributorID{}, []domain.ContributorID{account(1)}, []domain.ContributorID{account(2), account(1), account(2)})
			answer(s.store.Flags(s.ctx, q)).is(s, "Flags", flagsOf(rows, q))
		}
		for n := range messages {
			id := domain.MessageID{15: byte(n)}
			answer(s.store.Flag(s.ctx, id)).is(s, "Flag", rows[id])
		}
	})
}

func flagsOf(rows model[domain.MessageID, *moderation.Flag], q moderation.FlagQuery) []*moderation.Flag {
	takes := func(f *moderation.Flag) bool {
		beyond := func(k *moderation.FlagKey, side int) bool {
			if k == nil || k.Message.IsZero() && f.Created.Equal(k.Created) && (!q.Most || f.Reports == k.Reports) {
				return true
			}
			return compareFlags(q.Most)(f, &moderation.Flag{Reports: k.Reports, Created: k.Created, Message: k.Message}) == side
		}
		return !(q.Open && f.Processed) && (q.Language == "" || q.Language == f.Language) &&
			(q.Authors == nil || slices.Contains(q.Authors, f.Author)) && beyond(q.After, 1) && beyond(q.Before, -1)
	}
	order := compareFlags(q.Most)
	if q.Desc {
		order = func(a, b *moderation.Flag) int { return compareFlags(q.Most)(b, a) }
	}
	all := rows.ordered(takes, order)
	return all[:min(q.Max, len(all))]
}

func (s *storeSuite) reportsModel() {
	type place struct {
		message domain.MessageID
		number  int
	}
	rows := model[place, *moderation.Report]{}
	draw := func() projections.Change {
		at := place{domain.MessageID{15: byte(1 + s.dice.Below(4))}, 1 + s.dice.Below(3)}
		row := &moderation.Report{
			Message: at.message, Number: at.number, By: account(byte(1 + s.dice.Below(3))),
			At: storeEra.Add(time.Duration(s.dice.Below(3)) * time.Microsecond), Reason: oneOf(s.dice, "", "it's \"bad\"\n"),
		}
		return rows.draw(s, at, &moderation.Report{Message: at.message, Number: at.number}, row)
	}
	s.rounds(draw, func() {
		of := []domain.MessageID{{15: 3}, {15: 1}, {15: 3}, {15: 9}}
		answer(s.store.Reports(s.ctx, of)).is(s, "Reports", rows.ordered(
			func(r *moderation.Report) bool { return slices.Contains(of, r.Message) },
			func(a, b *moderation.Report) int {
				return cmp.Or(a.Message.Compare(b.Message), cmp.Compare(a.Number, b.Number))
			}))
		by, most := []domain.ContributorID{account(2), account(1), account(2)}, 1+s.dice.Below(6)
		want := rows.ordered(func(r *moderation.Report) bool { return slices.Contains(by, r.By) }, func(a, b *moderation.Report) int {
			return cmp.Or(b.At.Compare(a.At), b.Message.Compare(a.Message), cmp.Compare(b.Number, a.Number))
		})
		answer(s.store.ReportsBy(s.ctx, by, most)).is(s, "ReportsBy", want[:min(most, len(want))])
	})
}

func (s *storeSuite) history() {
	tree, other := moderation.OfStream(domain.TreeStream(domain.TreeID{1})), moderation.OfModerator("x")
	entry := func(of moderation.Subject, p domain.Partition, seq domain.Seq, minute int) *moderation.Entry {
		return &moderation.Entry{Subject: of, At: domain.Position{Partition: p, Seq: seq}, Time: storeEra.Add(time.Duration(minute) * time.Minute)}
	}
	a, b, c, d := entry(tree, 1, 7, 1), entry(tree, 0, 9, 2), entry(tree, 2, 3, 2), entry(tree, 1, 8, 3)
	s.put(b, entry(other, 1, 7, 1), a, d, c)
	answer(s.store.History(s.ctx, tree, 9)).is(s, "all", []*moderation.Entry{a, b, c, d})
	answer(s.store.History(s.ctx, tree, 3)).is(s, "the newest three", []*moderation.Entry{b, c, d})
	answer(s.store.History(s.ctx, tree, 0)).is(s, "the newest none", nil)
	answer(s.store.History(s.ctx, other, 9)).is(s, "another subject's", []*moderation.Entry{entry(other, 1, 7, 1)})
	answer(s.store.History(s.ctx, "tree/", 9)).is(s, "a subject that has none", nil)
}

// historyModel puts and removes entries in any order. Times never go back
// within a partition.
func (s *storeSuite) historyModel() {
	const partitions, seqs = 3, 12
	type place struct {
		of moderation.Subject
		at domain.Position
	}
	subjects := []moderation.Subject{"campaign", "moderator/a", "moderator/b"}
	rows := model[place, *moderation.Entry]{}
	draw := func() projections.Change {
		at := domain.Position{Partition: domain.Partition(s.dice.Below(partitions)), Seq: domain.Seq(1 + s.dice.Below(seqs))}
		of := subjects[s.dice.Below(len(subjects))]
		row := &moderation.Entry{Subject: of, At: at, Time: storeEra.Add(time.Duration(at.Seq/4) * time.Microsecond)}
		return rows.draw(s, place{of, at}, &moderation.Entry{Subject: of, At: at}, row)
	}
	s.rounds(draw, func() {
		for _, of := range subjects {
			want := rows.ordered(func(e *moderation.Entry) bool { return e.Subject == of }, func(a, b *moderation.Entry) int {
				return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.At.Partition, b.At.Partition), cmp.Compare(a.At.Seq, b.At.Seq))
			})
			most := s.dice.Below(partitions * seqs)
			answer(s.store.History(s.ctx, of, most)).is(s, "History", want[max(0, len(want)-most):])
		}
	})
}
