package adaptertest

import (
	"slices"
	"sync"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections"
	"dendro/projections/boards"
	"dendro/projections/boards/boardstest"
)

var boardTests = []storeTest{
	{"deeds are counted one by one", (*storeSuite).deeds},
	{"boards are those of a recount at every cut", (*storeSuite).boardsAtEveryCut},
	{"boards are read while they change", (*storeSuite).boardsBeside},
}

func (s *storeSuite) tallies(since time.Time, only []domain.ContributorID) answered[[]boards.Tally] {
	got, err := s.store.Tallies(s.ctx, since, only)
	return answered[[]boards.Tally]{boardstest.Sorted(got), err}
}

// deed draws a change of few keys, people and days, so that rows are replaced,
// moved to other days and people, and taken away.
func (s *storeSuite) deed(began time.Time) projections.Change {
	number := func(below int) byte { return byte(s.dice.Below(below)) }
	d := &boards.Deed{
		Kind:    oneOf(s.dice, boards.Prompt, boards.Ranking, boards.GoodRanking, boards.First, boards.Marks, boards.FreeMarks),
		Subject: [16]byte{number(3)}, Other: domain.ContributorID{number(3)},
	}
	if s.dice.Chance(1, 4) {
		return projections.Remove(d)
	}
	d.By = domain.ContributorID{1 + number(4)}
	d.At = began.Add(time.Duration(s.dice.Below(25)-12) * 8 * time.Hour)
	d.Counts = s.dice.Chance(1, 2) || !d.Kind.Task()
	if d.Kind >= boards.Marks {
		d.Labels = &reward.Labels{Flags: number(128), Values: [5]int32{int32(number(4)) - 1, -1, 7, -1, 1_000_000_000}}
	}
	return projections.Put(d)
}

// deeds compares the counts with those of looking at every row, around the
// beginning of Unix time too.
func (s *storeSuite) deeds() {
	owners := [][]domain.ContributorID{{{1}}, {{2}, {3}}, {{1}, {2}, {3}, {4}}, {{9}}, nil}
	only := append(owners, []domain.ContributorID{{2}, {2}, {9}}, []domain.ContributorID{})
	rows := boardstest.Rows{}
	for round := range storeRounds {
		began := oneOf(s.dice, time.Unix(0, 0).UTC(), boardstest.Began)
		changes := make([]projections.Change, s.dice.Below(40))
		for i := range changes {
			changes[i] = s.deed(began)
			d := changes[i].Row.(*boards.Deed)
			if k := (boardstest.Key{Kind: d.Kind, Subject: d.Subject, Other: d.Other}); changes[i].Gone {
				delete(rows, k)
			} else {
				rows[k] = *d
			}
		}
		s.commit(changes...)
		for _, since := range []time.Time{
			{}, began, began.Add(time.Duration(s.dice.Below(200)-100) * time.Hour), began.Add(8*time.Hour + 1),
		} {
			of := only[round%len(only)]
			s.tallies(since, of).is(s, "tallies since "+since.String(), rows.Tallies(since, of))
		}
		s.listed(rows, began)
		var want []boards.Activity
		for _, accounts := range owners {
			want = append(want, rows.Activity(accounts))
		}
		answer(s.store.Activities(s.ctx, owners)).is(s, "activities", want)
	}
}

// listed pages through the single deeds of some accounts.
func (s *storeSuite) listed(rows boardstest.Rows, began time.Time) {
	s.Helper()
	q := boards.DeedQuery{By: []domain.ContributorID{{2}, {1}, {2}, {9}}, Max: 1 + s.dice.Below(5)}
	if s.dice.Chance(1, 2) {
		q.Kinds = []boards.Kind{boards.Marks, boards.Prompt}
	}
	if s.dice.Chance(1, 2) {
		q.Since = began.Add(time.Duration(s.dice.Below(100)-50) * time.Hour)
	}
	var want []*boards.Deed
	for _, d := range rows {
		if d.Counts && slices.Contains(q.By, d.By) && !d.At.Before(q.Since) && (q.Kinds == nil || slices.Contains(q.Kinds, d.Kind)) {
			want = append(want, &d)
		}
	}
	slices.SortFunc(want, func(a, b *boards.Deed) int { return b.Key().Compare(a.Key()) })
	for {
		page := want[:min(q.Max, len(want))]
		answer(s.store.Deeds(s.ctx, q)).is(s, "a page of deeds", page)
		if len(page) == 0 {
			return
		}
		key := page[len(page)-1].Key()
		q.Before, want = &key, want[len(page):]
	}
}

// boardsAtEveryCut follows a log batch by batch; and at its end it goes on
// through every hour of the days after.
func (s *storeSuite) boardsAtEveryCut() {
	shape := boardstest.Shape{
		Seed: 5, Partitions: s.id.Partitions, Trees: 6, Contributors: 6, Steps: 30, Rare: 25, Pace: 10 * time.Minute,
	}
	left, fold := boardstest.History(shape), boards.New()
	var events []domain.Recorded
	now := boardstest.Began
	agree := func(counted boardstest.Counted) {
		for _, frame := range reward.Frames {
			since := frame.Since(now)
			s.tallies(since, nil).is(s, string(frame)+" at "+now.String(), counted.Since(since))
		}
	}
	for slices.ContainsFunc(left, func(events []domain.Recorded) bool { return len(events) > 0 }) {
		from := s.cut()
		to := from.Clone()
		var changes []projections.Change
		for p := range left {
			n := s.dice.Below(min(len(left[p]), 30) + 1)
			for i := range left[p][:n] {
				changes = fold.Apply(&left[p][i], changes)
				if at := left[p][i].Time; at.After(now) {
					now = at
				}
			}
			events, left[p] = append(events, left[p][:n]...), left[p][n:]
			to.End[p] += domain.Seq(n)
		}
		if err := s.store.Commit(s.ctx, changes, from, to); err != nil {
			s.Fatal(err)
		}
		agree(boardstest.Recount(events))
		accounts := shape.People()[:2]
		answer(s.store.Activities(s.ctx, [][]domain.ContributorID{accounts})).is(s, "activity", []boards.Activity{boardstest.Recent(events, accounts)})
	}
	counted := boardstest.Recount(events)
	for range 52 {
		now = now.Add(time.Hour)
		agree(counted)
	}
}

// boardsBeside reads while rows come in; nobody sees half a commit.
func (s *storeSuite) boardsBeside() {
	const commits, people = 150, 5
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for seen := 0; seen < commits; {
				for _, since := range []time.Time{{}, boardstest.Began, boardstest.Began.Add(100 * time.Hour)} {
					tallies, err := s.store.Tallies(s.ctx, since, nil)
					if err != nil {
						s.Error(err)
						return
					}
					if len(tallies) > 0 && len(tallies) != people {
						s.Errorf("%d of %d contributors are counted", len(tallies), people)
						return
					}
					if since.IsZero() && len(tallies) > 0 {
						seen = tallies[0].Counts[boards.Prompt]
					}
				}
			}
		})
	}
	for n := range commits {
		var rows []projections.Row
		for by := range byte(people) {
			rows = append(rows, &boards.Deed{
				Kind: boards.Prompt, Subject: [16]byte{byte(n), by}, By: domain.ContributorID{by}, At: boardstest.Began.Add(time.Duration(n) * time.Hour), Counts: true,
			})
		}
		s.put(rows...)
	}
	readers.Wait()
}
