package dataset_test

import (
	"context"
	"iter"

	"dendro/domain"
	projection "dendro/projections/dataset"
	"dendro/projections/dataset/datasettest"
)

// fakeLog is a log of what a test made up; it only reads.
type fakeLog struct {
	domain.Log
	id     domain.Identity
	events [][]domain.Recorded
	fail   error // what reading partition 0 ends with
}

func (l *fakeLog) Identity() domain.Identity { return l.id }

func (l *fakeLog) End(context.Context) (domain.Cut, error) {
	end := l.id.Start()
	for p, events := range l.events {
		end.End[p] += domain.Seq(len(events))
	}
	return end, nil
}

func (l *fakeLog) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for p, events := range l.events {
			for _, e := range events[from.End[p]-1 : to.End[p]-1] {
				if ctx.Err() != nil {
					yield(domain.Recorded{}, ctx.Err())
					return
				}
				if !yield(e, nil) {
					return
				}
			}
			if l.fail != nil && to.End[p] > from.End[p] {
				yield(domain.Recorded{}, l.fail)
				return
			}
		}
	}
}

func newLog(s datasettest.Shape) *fakeLog {
	return &fakeLog{id: s.Identity(), events: datasettest.History(s)}
}

func small(seed uint64) datasettest.Shape {
	return datasettest.Shape{Seed: seed, Partitions: 3, Trees: 12, Contributors: 9, Steps: 30, Words: 5, Rare: 15}
}

func (l *fakeLog) end() domain.Cut {
	end, _ := l.End(context.Background())
	return end
}

var (
	readyTrees  = projection.Recipe{Variant: projection.Ready, Format: projection.Trees}
	allMessages = projection.Recipe{Variant: projection.All, Format: projection.Messages}
)
