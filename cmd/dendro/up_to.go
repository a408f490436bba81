package main

import (
	"context"
	"iter"

	"dendro/domain"
)

// upTo is a log as it was when it ended at a cut.
type upTo struct {
	domain.Log
	end domain.Cut
}

func (l upTo) End(context.Context) (domain.Cut, error) { return l.end.Clone(), nil }

func (l upTo) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for r, err := range l.Read(ctx, from, l.end) {
			if !yield(r, err) {
				return
			}
		}
		<-ctx.Done()
		yield(domain.Recorded{}, ctx.Err())
	}
}
