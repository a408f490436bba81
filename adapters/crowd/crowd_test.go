package crowd_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dendro/adapters/crowd"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
	"dendro/projections/integrity"
)

// campaign is a log in memory with the clock that its runs share.
type campaign struct {
	t     *testing.T
	log   *domaintest.Log
	clock *domain.ManualClock
}

func newCampaign(t *testing.T) *campaign {
	clock := domain.NewManualClock(crowd.Epoch)
	return &campaign{t: t, log: domaintest.NewLog(4, clock), clock: clock}
}

// run opens an engine, lets the crowd work, and closes the engine again.
func (c *campaign) run(seed uint64, contributors, tasks int) crowd.Report {
	c.t.Helper()
	ctx := context.Background()
	end, err := c.log.End(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	policy := crowd.Policy(contributors)
	engine, err := commands.Open(ctx, c.log, commands.Options{Clock: c.clock, Dice: crowd.Dice(seed), Policy: &policy})
	if err != nil {
		c.t.Fatal(err)
	}
	acknowledged := 0
	report, err := crowd.Run(ctx, engine, crowd.Options{
		Seed: seed, Contributors: contributors, Tasks: tasks, Clock: c.clock, Start: end.Events(),
		History: c.log.Read(ctx, c.log.Identity().Start(), end),
		Acknowledged: func(events []domain.Recorded) error {
			acknowledged += len(events)
			return nil
		},
	})
	if err != nil {
		c.t.Fatalf("%v\n%+v", err, report)
	}
	if err := engine.Close(); err != nil {
		c.t.Fatal(err)
	}
	if report.Tasks != tasks || acknowledged != report.Events {
		c.t.Errorf("%d of %d tasks completed; %d of %d events acknowledged", report.Tasks, tasks, acknowledged, report.Events)
	}
	return report
}

// print gives every event as text, partition after partition.
func (c *campaign) print() []string {
	var out []string
	for _, r := range c.log.All() {
		out = append(out, fmt.Sprintf("%+v", r))
	}
	return out
}

func (c *campaign) check() {
	c.t.Helper()
	check := integrity.New(c.log.Identity())
	for _, r := range c.log.All() {
		if err := check.Apply(r); err != nil {
			c.t.Fatal(err)
		}
	}
}

func TestTheSeedDecidesEverything(t *testing.T) {
	var logs [3][]string
	for i, seed := range []uint64{7, 7, 8} {
		c := newCampaign(t)
		c.run(seed, 60, 600)
		c.run(seed, 60, 200)
		c.check()
		logs[i] = c.print()
	}
	if !slices.Equal(logs[0], logs[1]) {
		for i := range min(len(logs[0]), len(logs[1])) {
			if logs[0][i] != logs[1][i] {
				t.Fatalf("the same seed made another event:\n%s\n%s", logs[0][i], logs[1][i])
			}
		}
		t.Errorf("the same seed made %d and %d events", len(logs[0]), len(logs[1]))
	}
	if slices.Equal(logs[0], logs[2]) {
		t.Error("another seed made the same events")
	}
}

// expected are the refusals that people run into by their own doing.
var expected = []domain.Kind{
	domain.NoTask, domain.TaskDone, domain.TextDuplicate, domain.LabelsRepeated, domain.TaskExpired, domain.UnknownTask,
	domain.TreeClosed, domain.ContributorDisabled, domain.Conflict, domain.BadRanking, domain.SecondReply, domain.TooManyPending,
}

// caused are the events that a crowd can cause; the others come from imports
// and classifiers.
var caused = []domain.EventType{
	"campaign.configured", "client.registered", "contributor.consented", "contributor.disabled", "contributor.enabled",
	"contributor.merged", "contributor.registered", "contributor.updated", "emoji.added", "emoji.removed", "labels.submitted",
	"lottery.drawn", "lottery.won", "message.accepted", "message.deleted", "message.edited", "message.posted",
	"message.rejected", "message.reopened", "message.reported", "message.restored", "pool.configured", "pool.opened",
	"ranking.submitted", "replies.ranked", "report.resolved", "task.acknowledged", "task.assigned", "task.closed",
	"task.declined", "tree.opened", "tree.state_changed", "votes.discounted", "votes.reinstated", "writer.claimed",
}

func TestACampaign(t *testing.T) {
	c := newCampaign(t)
	report := c.run(1, 100, 5000)
	c.check()
	t.Logf("%+v", report)

	types := map[domain.EventType]int{}
	states := map[domain.StreamID]domain.TreeState{}
	languages := map[domain.StreamID]string{}
	for _, r := range c.log.All() {
		types[r.Payload.Type()]++
		switch e := r.Payload.(type) {
		case tree.Opened:
			languages[r.Stream], states[r.Stream] = e.Language, domain.InitialPromptReview
		case tree.StateChanged:
			states[r.Stream] = e.To
		}
	}
	count, exported := map[domain.TreeState]int{}, map[string]int{}
	for id, s := range states {
		count[s]++
		if s == domain.ReadyForExport {
			exported[languages[id]]++
		}
	}
	t.Log(types)
	t.Log(count, exported)
	for _, name := range caused {
		if types[name] == 0 {
			t.Errorf("no %s happened", name)
		}
		delete(types, name)
	}
	for name := range types {
		t.Errorf("%s happened, which a crowd does not cause", name)
	}
	if len(exported) < 2 || count[domain.ReadyForExport] < 24 {
		t.Errorf("exported trees by language: %v; want dozens in at least two", exported)
	}
	for kind, n := range report.Refusals {
		if !slices.Contains(expected, kind) {
			t.Errorf("%d commands were refused as %s", n, kind)
		}
		if kind != domain.NoTask && n > report.Commands/50 {
			t.Errorf("%d of %d commands were refused as %s: too many", n, report.Commands, kind)
		}
	}
	if report.Retries == 0 || report.Declined == 0 || report.To.Sub(report.From).Hours() < 48 {
		t.Errorf("no retries, none declined, or less than two days passed: %+v", report)
	}
}

func TestTheSmallestCrowdGetsAlong(t *testing.T) {
	for seed := range uint64(3) {
		c := newCampaign(t)
		c.run(seed, crowd.Least, 400)
		c.check()
	}
}

// TestNothingToDo: a campaign without work is given up, and says why.
func TestNothingToDo(t *testing.T) {
	c := newCampaign(t)
	policy := crowd.Policy(crowd.Least)
	policy.InitPromptDisabledLangs = policy.Languages
	engine, err := commands.Open(t.Context(), c.log, commands.Options{Clock: c.clock, Dice: crowd.Dice(1), Policy: &policy})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	opt := crowd.Options{Seed: 1, Contributors: crowd.Least, Tasks: 1, Clock: c.clock}
	if report, err := crowd.Run(t.Context(), engine, opt); err == nil || !strings.Contains(err.Error(), "nothing moved") {
		t.Errorf("error %v, report %+v", err, report)
	}
	opt.Contributors--
	if _, err := crowd.Run(t.Context(), engine, opt); err == nil || !strings.Contains(err.Error(), fmt.Sprint("at least ", crowd.Least)) {
		t.Errorf("a crowd that is too small: %v", err)
	}
}

// TestAcknowledgedEndsTheRun: what cannot be noted as acknowledged is not gone
// on with.
func TestAcknowledgedEndsTheRun(t *testing.T) {
	c := newCampaign(t)
	engine, err := commands.Open(t.Context(), c.log, commands.Options{Clock: c.clock, Dice: crowd.Dice(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	full, calls := errors.New("the disk is full"), 0
	_, err = crowd.Run(t.Context(), engine, crowd.Options{
		Seed: 1, Contributors: 20, Tasks: 10, Clock: c.clock,
		Acknowledged: func([]domain.Recorded) error {
			if calls++; calls == 30 {
				return full
			}
			return nil
		},
	})
	if !errors.Is(err, full) || calls != 30 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}
