package postgres_test

import (
	"testing"
	"time"

	"dendro/adapters/postgres"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/dataset/datasettest"
	"dendro/projections/locator"
	"dendro/projections/moderation"
	"dendro/projections/statistics"
)

// campaign is what a view store is given of one, a runner's batch at a time.
type campaign struct {
	commits  [][]projections.Change
	events   int
	messages []tree.MessagePosted
	newest   time.Time // event
}

// allViews are new folds of all views.
func allViews() []projections.Projection {
	return []projections.Projection{
		conversations.New(), boards.New(), statistics.New(), moderation.New(), locator.New(), contributors.New(), agreement.New(),
	}
}

// newCampaign makes a campaign of so many trees, with some eleven messages each.
func newCampaign(trees, people int) (c campaign) {
	folds := allViews()
	var batch []projections.Change
	for _, partition := range datasettest.History(datasettest.Shape{
		Seed: 1, Partitions: 4, Trees: trees, Contributors: people, Steps: 50, Words: 30, Rare: 1,
	}) {
		for i := range partition {
			if t := partition[i].Time; t.After(c.newest) {
				c.newest = t
			}
			if e, ok := partition[i].Payload.(tree.MessagePosted); ok {
				c.messages = append(c.messages, e)
			}
			for _, f := range folds {
				batch = f.Apply(&partition[i], batch)
			}
			if c.events++; c.events%projections.MaxBatch == 0 {
				c.commits = append(c.commits, batch)
				batch = nil
			}
		}
	}
	c.commits = append(c.commits, batch)
	return c
}

// load commits a campaign.
func (c *campaign) load(t testing.TB, store *postgres.Store) {
	t.Helper()
	at, err := store.Cut(t.Context())
	for _, changes := range c.commits {
		to := at.Clone()
		to.End[0]++
		if err == nil {
			err = store.Commit(t.Context(), changes, at, to)
		}
		at = to
	}
	if err != nil {
		t.Fatal(err)
	}
}
