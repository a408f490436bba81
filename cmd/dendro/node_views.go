package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"dendro/adapters/httpapi"
	"dendro/adapters/memory"
	"dendro/adapters/postgres"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/locator"
	"dendro/projections/moderation"
	"dendro/projections/statistics"
)

// allViews are the folds behind the API, before the first event.
func allViews() []projections.Projection {
	return []projections.Projection{
		conversations.New(), locator.New(), contributors.New(), boards.New(), moderation.New(), statistics.New(),
		agreement.New(),
	}
}

// follow keeps views of the node's own, in memory, up with the log.
func (n *node) follow() {
	store := memory.NewStore(n.log.Identity())
	n.views = store
	n.attendTo(projections.NewRunner(n.log, store, allViews()...).Run)
}

// followShared keeps the views that the nodes share in Postgres up with the
// log, and knows of each partition's owner by itself: a node that stands by
// sees no claim that is not committed yet.
func (n *node) followShared(store *postgres.Store, l *slog.Logger) {
	n.views = store
	keeper := projections.Keeper{
		Log: n.log, Store: store, Folds: allViews, Lead: store.Lead,
		Report: func(err error) {
			if err == nil {
				n.trouble.Store(nil)
				return
			}
			n.trouble.Store(&err)
			l.Warn("the views do not follow the log just now", "why", err.Error())
		},
	}
	n.cluster.claims = memory.NewStore(n.log.Identity())
	owners := projections.NewRunner(n.log, n.cluster.claims, n.cluster.owners)
	n.attendTo(keeper.Run, owners.Run)
}

// standing tells how the node's views are kept.
func (n *node) standing(ctx context.Context) ([]httpapi.ViewStanding, error) {
	if store, shared := n.views.(*postgres.Store); shared {
		return standingOf(ctx, store)
	}
	var out []httpapi.ViewStanding
	for _, v := range projections.ViewsOf(allViews()) {
		out = append(out, httpapi.ViewStanding{View: v.Name, Revision: v.Revision, Program: v.Revision})
	}
	slices.SortFunc(out, func(a, b httpapi.ViewStanding) int { return strings.Compare(a.View, b.View) })
	return out, nil
}

// standingOf tells how views are kept in Postgres.
func standingOf(ctx context.Context, store *postgres.Store) ([]httpapi.ViewStanding, error) {
	built, err := store.Built(ctx)
	program := map[string]int{}
	for _, v := range projections.ViewsOf(allViews()) {
		program[v.Name] = v.Revision
	}
	out := make([]httpapi.ViewStanding, len(built))
	for i, b := range built {
		out[i] = httpapi.ViewStanding{View: b.View, Revision: b.Revision, Program: program[b.View], Built: b.At, Bytes: b.Bytes}
	}
	return out, err
}

// attendTo does work until the node stops. When one of it ends by itself, the
// node has failed.
func (n *node) attendTo(work ...func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	n.stop = func() { stop(); all.Wait() }
	for _, do := range work {
		all.Go(func() {
			if err := do(ctx); ctx.Err() == nil {
				select {
				case n.failed <- fmt.Errorf("the views stopped following the log: %w", err):
				default: // it has failed already
				}
			}
		})
	}
}

// catchUp waits until the views have what the log holds.
func (n *node) catchUp(ctx context.Context, progress func(done, total int64)) error {
	end, err := n.log.End(ctx)
	if err != nil {
		return err
	}
	for {
		step, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		err := n.views.Await(step, end)
		cancel()
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		at, cutErr := n.views.Cut(ctx)
		if cutErr != nil {
			return cutErr
		}
		if progress != nil {
			progress(int64(at.Events()), int64(end.Events()))
		}
		select {
		case err := <-n.failed:
			return err
		default:
		}
	}
}
