package locator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/locator"
	"dendro/projections/projectionstest"
)

func task(n byte) domain.TaskID { return domain.TaskID{14: 1, 15: n} }

func stream(n byte) domain.StreamID { return domain.TreeStream(domain.TreeID{15: n}) }

func key(r projections.Row) any { return r.(*locator.Task).ID }

var someone = domain.ByContributor(domain.ContributorID{15: 1})

// Each rule on its own: what task 1 looks like behind its assignment and these
// events, an hour apart.
func TestRules(t *testing.T) {
	id := task(1)
	expires := projectionstest.Start.Add(48 * time.Hour)
	assigned := tree.TaskAssigned{
		Task: id, Kind: domain.TaskAssistantReply, Message: domain.MessageID{15: 5}, Client: domain.ClientID{15: 6},
		Contributor: domain.ContributorID{15: 7}, Expires: expires,
	}
	row := func(change func(*locator.Task)) *locator.Task {
		r := &locator.Task{
			ID: id, Tree: domain.TreeID{15: 3}, Kind: assigned.Kind, Message: assigned.Message,
			Client: assigned.Client, Contributor: assigned.Contributor, Expires: expires,
		}
		change(r)
		return r
	}
	same := func(*locator.Task) {}
	over := func(r *locator.Task) { r.Over = true }
	group := func(r *locator.Task) { r.Collective = true }
	for name, c := range map[string]struct {
		collective bool
		events     []domain.Event
		want       func(*locator.Task)
	}{
		"assigned":                   {false, nil, same},
		"acknowledged":               {false, []domain.Event{tree.TaskAcknowledged{Task: id, FrontendID: "f"}}, func(r *locator.Task) { r.FrontendID = "f" }},
		"declined":                   {false, []domain.Event{tree.TaskDeclined{Task: id}}, over},
		"answered with a text":       {false, []domain.Event{tree.MessagePosted{Task: id}}, over},
		"answered with labels":       {false, []domain.Event{tree.LabelsSubmitted{Task: id}}, over},
		"answered with a ranking":    {false, []domain.Event{tree.RankingSubmitted{Task: id}}, over},
		"another task is answered":   {false, []domain.Event{tree.MessagePosted{Task: task(2)}, tree.TaskDeclined{Task: task(2)}}, same},
		"free labels end no task":    {false, []domain.Event{tree.LabelsSubmitted{}}, same},
		"a group goes on":            {true, []domain.Event{tree.MessagePosted{Task: id}, tree.MessagePosted{Task: id}}, group},
		"a group's task is closed":   {true, []domain.Event{tree.MessagePosted{Task: id}, tree.TaskClosed{Task: id}}, func(r *locator.Task) { group(r); over(r) }},
		"over, and closed once more": {true, []domain.Event{tree.TaskClosed{Task: id}, tree.TaskClosed{Task: id}}, func(r *locator.Task) { group(r); over(r) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := projectionstest.NewHistory(1)
			a := assigned
			a.Collective = c.collective
			h.Add(0, 0, stream(3), someone, a)
			for _, e := range c.events {
				h.Add(0, time.Hour, stream(3), someone, e)
			}
			table := projectionstest.NewTable(t, locator.New(), key)
			table.Apply(h.OneByOne()...)
			if diff := cmp.Diff(map[any]projections.Row{id: row(c.want)}, table.Rows()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A task is gone with the first event that comes Keep after its end or later,
// be it the answer to the task itself; events of other partitions don't count.
func TestForgetting(t *testing.T) {
	const validity = time.Hour
	h := projectionstest.NewHistory(2)
	table := projectionstest.NewTable(t, locator.New(), key)
	there := func(want int) {
		t.Helper()
		if got := len(table.Rows()); got != want {
			t.Fatalf("there are %d tasks, want %d", got, want)
		}
	}
	table.Apply(h.Add(0, 0, stream(1), someone, tree.TaskAssigned{Task: task(1), Expires: projectionstest.Start.Add(validity)}))
	table.Apply(h.Add(1, 100*time.Hour, stream(2), someone, tree.LotteryWon{}))
	there(1)
	table.Apply(h.Add(0, validity+locator.Keep-time.Microsecond, stream(1), someone, tree.LotteryWon{}))
	there(1)
	table.Apply(h.Add(0, time.Microsecond, stream(1), someone, tree.MessagePosted{Task: task(1)}))
	there(0)
	table.Apply(h.Add(0, 0, stream(1), someone, tree.TaskClosed{Task: task(1)}))
	there(0)
}

// However much expired while nothing happened, each event takes only so much
// of it away.
func TestForgettingIsBounded(t *testing.T) {
	const most, tasks = 64, 200
	h := projectionstest.NewHistory(1)
	fold := locator.New()
	for n := range tasks {
		r := h.Add(0, 0, stream(1), someone, tree.TaskAssigned{Task: task(byte(n)), Expires: projectionstest.Start})
		fold.Apply(&r, nil)
	}
	for left := tasks; left > 0; left -= most {
		r := h.Add(0, locator.Keep, stream(1), someone, tree.LotteryWon{})
		if got, want := len(fold.Apply(&r, nil)), min(left, most); got != want {
			t.Fatalf("of %d tasks an event takes %d away, want %d", left, got, want)
		}
	}
}

// history draws fewer tasks than one event may forget.
func history(t *rapid.T) *projectionstest.History {
	const tasks = 24
	h := projectionstest.NewHistory(3)
	for range rapid.IntRange(0, 80).Draw(t, "events") {
		// A task's number says where it is.
		n := byte(rapid.IntRange(1, tasks).Draw(t, "task"))
		p := domain.Partition(n % 3)
		after := time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour
		h.Add(p, after, stream(n), someone, event(t, h, p, n, after))
	}
	return h
}

func event(t *rapid.T, h *projectionstest.History, p domain.Partition, n byte, after time.Duration) domain.Event {
	for _, r := range h.Events[p] {
		if e, ok := r.Payload.(tree.TaskAssigned); ok && e.Task == task(n) {
			return rapid.SampledFrom([]domain.Event{
				tree.TaskAcknowledged{Task: e.Task, FrontendID: "a"}, tree.TaskDeclined{Task: e.Task}, tree.TaskClosed{Task: e.Task},
				tree.MessagePosted{Task: e.Task}, tree.LabelsSubmitted{Task: e.Task}, tree.RankingSubmitted{Task: e.Task},
				tree.LotteryWon{},
			}).Draw(t, "event")
		}
	}
	validity := time.Duration(rapid.IntRange(0, 72).Draw(t, "validity")) * time.Hour
	return tree.TaskAssigned{
		Task: task(n), Client: domain.ClientID{15: 1}, Collective: rapid.Bool().Draw(t, "collective"),
		Expires: h.Now(p).Add(after + validity),
	}
}

// plain looks at each task for itself, through all that came after it.
func plain(h *projectionstest.History) map[any]projections.Row {
	rows := map[any]projections.Row{}
	for p, events := range h.Events {
		for i, r := range events {
			e, ok := r.Payload.(tree.TaskAssigned)
			if !ok || !h.Now(domain.Partition(p)).Before(e.Expires.Add(24*time.Hour)) {
				continue
			}
			in, _ := r.Stream.Tree()
			row := &locator.Task{ID: e.Task, Tree: in, Client: e.Client, Collective: e.Collective, Expires: e.Expires}
			for _, later := range events[i+1:] {
				switch l := later.Payload.(type) {
				case tree.TaskAcknowledged:
					if l.Task == e.Task {
						row.FrontendID = l.FrontendID
					}
				case tree.TaskDeclined:
					row.Over = row.Over || l.Task == e.Task
				case tree.TaskClosed:
					row.Over = row.Over || l.Task == e.Task
				case tree.MessagePosted:
					row.Over = row.Over || l.Task == e.Task && !e.Collective
				case tree.LabelsSubmitted:
					row.Over = row.Over || l.Task == e.Task && !e.Collective
				case tree.RankingSubmitted:
					row.Over = row.Over || l.Task == e.Task && !e.Collective
				}
			}
			rows[e.Task] = row
		}
	}
	return rows
}

// The rows are those of a plain reading, however the partitions interleave.
func TestFoldAgreesWithThePlainReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history(t)
		want := plain(h)
		for _, events := range [][]domain.Recorded{h.OneByOne(), h.Interleaved(t)} {
			table := projectionstest.NewTable(t, locator.New(), key)
			table.Apply(events...)
			table.Done()
			if diff := cmp.Diff(want, table.Rows()); diff != "" {
				t.Fatalf("-want +got:\n%s", diff)
			}
		}
	})
}
