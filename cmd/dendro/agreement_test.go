package main

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"dendro/adapters/crowd"
	"dendro/adapters/memory"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/dataset"
	"dendro/projections/integrity"
)

// crowdLog is what a simulated campaign leaves behind.
func crowdLog(t *testing.T, seed uint64, contributors, tasks int) domain.Log {
	t.Helper()
	ctx := context.Background()
	clock := domain.NewManualClock(crowd.Epoch)
	log := memory.New(crowd.Identity(seed, 3), clock, "test")
	first := crowd.Policy(contributors)
	engine, err := commands.Open(ctx, log, commands.Options{Clock: clock, Dice: crowd.Dice(seed), Policy: &first})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := crowd.Run(ctx, engine, crowd.Options{Seed: seed, Contributors: contributors, Tasks: tasks, Clock: clock}); err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	return log
}

// eachEvent reads the whole log.
func eachEvent(t *testing.T, log domain.Log, do func(domain.Recorded)) {
	t.Helper()
	end, err := log.End(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range log.Read(context.Background(), log.Identity().Start(), end) {
		if err != nil {
			t.Fatal(err)
		}
		do(r)
	}
}

// Three readings of the same events share no code: the aggregate's, which
// decided; the dataset's; and the check of integrity. They agree.
func TestReadingsAgree(t *testing.T) {
	log := crowdLog(t, 11, 40, 3000)
	trees := map[domain.TreeID]tree.State{}
	fold, check := dataset.New(), integrity.New(log.Identity())
	eachEvent(t, log, func(r domain.Recorded) {
		fold.Apply(r)
		if err := check.Apply(r); err != nil {
			t.Fatal(err)
		}
		if id, ok := r.Stream.Tree(); ok {
			trees[id] = tree.Evolve(trees[id], r.Payload, r.Time)
		}
	})
	var lines bytes.Buffer
	recipe := dataset.Recipe{Variant: dataset.All, Format: dataset.Messages, Deleted: dataset.DeletedInclude}
	if _, err := dataset.Read(recipe, fold).Write(func(line []byte) error { lines.Write(line); return nil }); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for row, err := range dataset.ReadRows(&lines) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		compareRow(t, trees[*row.Tree], row)
	}
	messages := 0
	for _, s := range trees {
		messages += len(s.Messages)
	}
	if rows != messages || rows < 300 {
		t.Errorf("the dataset has %d rows, the trees have %d messages", rows, messages)
	}
}

func compareRow(t *testing.T, s tree.State, row dataset.Row) {
	t.Helper()
	m := s.Message(row.Message)
	if m == nil {
		t.Fatalf("message %s is in no tree", row.Message)
	}
	reviews := 0
	for _, r := range m.Reviews {
		if !r.Stale && !slices.Contains(s.Discounted, r.By) {
			reviews++
		}
	}
	rank := -1
	if row.Rank != nil {
		rank = *row.Rank
	}
	accepted := row.ReviewResult != nil && *row.ReviewResult
	if *row.ReviewCount != reviews || accepted != (m.Result == tree.Accepted) || *row.Deleted != m.Deleted() ||
		rank != m.Rank || *row.State != s.State || row.Role != m.Role || tree.DigestOf(row.Text) != m.Text {
		t.Errorf("row %+v\nand message %+v of a tree that is %s", row, *m, s.State)
	}
	for _, e := range row.Emojis {
		if e.Count != m.CountEmoji(e.Emoji) {
			t.Errorf("%s has %d of %s, in the dataset %d", m.ID, m.CountEmoji(e.Emoji), e.Emoji, e.Count)
		}
	}
}
