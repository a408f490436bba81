package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dendro/commands/transfer"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
	"dendro/schemas"

	"pgregory.net/rapid"
)

var began = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)

func options() transfer.Options { return transfer.Options{Encode: schemas.AppendRecord} }

// source makes a log of many streams in some partitions, with takeovers.
func source(t *rapid.T) *fakeLog {
	partitions := rapid.IntRange(1, 4).Draw(t, "partitions")
	l := newFakeLog(domain.Identity{ID: domain.LogID{7}, Partitions: partitions}, began)
	languages := []string{"en", "de", "pt-BR", "fi"}
	writers := make([]domain.Writer, partitions)
	versions := map[domain.StreamID]domain.Version{}
	now := began
	put := func(key, stream domain.StreamID, e domain.Event) {
		p := domain.Place(string(key), partitions)
		if writers[p] == nil || rapid.IntRange(0, 9).Draw(t, "takeover") == 0 {
			writers[p], _ = l.Own(t.Context(), p)
		}
		versions[stream]++
		n := len(l.parts[p])
		// Partitions go their own ways, but a claim may have been later.
		at := l.parts[p][n-1].Time
		if at.Before(now) {
			at = now
		}
		r := domain.Recorded{
			ID: domain.EventID{1, byte(p), byte(n >> 8), byte(n)}, Position: domain.Position{Partition: p, Seq: domain.Seq(n + 1)},
			Stream: stream, Version: versions[stream], Schema: 1, Time: at, Actor: domain.ByRule("test"),
			Command: domain.CommandID{2, byte(n)}, Cause: domain.EventID{byte(n % 2)}, Epoch: writers[p].Claim().Epoch, Payload: e,
		}
		if err := writers[p].Append(t.Context(), []domain.Recorded{r}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range rapid.IntRange(0, 60).Draw(t, "events") {
		if rapid.Bool().Draw(t, "time goes on") {
			now = now.Add(time.Second)
		}
		thing := byte(rapid.IntRange(1, 5).Draw(t, "thing"))
		language := languages[thing%4]
		home := domain.PoolID{Language: language}.Stream()
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			put(home, home, pool.Configured{Revision: n, Policy: policy.Default()})
		case 1:
			s := domain.ContributorStream(domain.ContributorID{thing})
			put(s, s, contributor.Enabled{Reason: "r"})
		case 2:
			put(domain.CampaignStream, domain.CampaignStream, campaign.ClientRevoked{Client: domain.ClientID{thing}})
		case 3:
			s := domain.TreeStream(domain.TreeID{thing})
			if versions[s] == 0 {
				put(home, s, tree.Opened{Language: language})
			} else {
				put(home, s, tree.MessageEdited{Message: domain.MessageID{thing}, Text: fmt.Sprint(n), Revision: n})
			}
		}
	}
	return l
}

// target makes the empty log of a copy.
func target(t rapid.TB, from *fakeLog, partitions int) *fakeLog {
	at, err := transfer.Began(context.Background(), from)
	if err != nil {
		t.Fatal(err)
	}
	return newFakeLog(transfer.Identity(from.identity, partitions), at)
}

// content gives the events without claims, as bytes without their positions.
func content(t *rapid.T, l *fakeLog) (parts [][]string) {
	for _, events := range l.parts {
		var part []string
		for _, r := range events {
			if r.Stream.Kind() == domain.KindPartition {
				continue
			}
			r.Position, r.Epoch, r.Schema = domain.Position{Seq: 1}, 0, 0
			b, err := schemas.AppendRecord(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			part = append(part, string(b))
		}
		parts = append(parts, part)
	}
	return parts
}

func TestCopyKeepsEveryEventOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := source(t)
		to := target(t, from, rapid.IntRange(1, 5).Draw(t, "target partitions"))
		report, err := transfer.Copy(t.Context(), from, to, options())
		if err != nil {
			t.Fatal(err)
		}
		left := map[string]int{}
		for _, part := range content(t, from) {
			for _, event := range part {
				left[event]++
			}
		}
		events := uint64(0)
		for _, part := range content(t, to) {
			for _, event := range part {
				left[event]--
				events++
			}
		}
		for event, n := range left {
			if n != 0 {
				t.Fatalf("%d times too few in the target: %q", n, event)
			}
		}
		if report.Events != events || report.Copied != events {
			t.Fatalf("the report speaks of %d events, %d copied; the target has %d", report.Events, report.Copied, events)
		}
		checkStreams(t, to)
	})
}

// checkStreams wants every stream whole and in order, in its own partition.
func checkStreams(t *rapid.T, l *fakeLog) {
	homes := map[domain.TreeID]domain.StreamID{}
	versions := map[domain.StreamID]domain.Version{}
	for p, part := range l.parts {
		for _, r := range part {
			versions[r.Stream]++
			if r.Version != versions[r.Stream] {
				t.Fatalf("version %d of %s comes after %d", r.Version, r.Stream, versions[r.Stream]-1)
			}
			key := r.Stream
			if id, ok := r.Stream.Tree(); ok {
				if e, ok := r.Payload.(tree.Opened); ok {
					homes[id] = domain.PoolID{Language: e.Language}.Stream()
				}
				key = homes[id]
			}
			if r.Stream.Kind() != domain.KindPartition && domain.Place(string(key), len(l.parts)) != domain.Partition(p) {
				t.Fatalf("%s stands in partition %d", r.Stream, p)
			}
		}
	}
}

// TestCopyGoesOn breaks a copy off at some append, written or not, lets the
// source grow or not, and copies again.
func TestCopyGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := source(t)
		n := rapid.IntRange(1, 3).Draw(t, "target partitions")
		whole, broken := target(t, from, n), target(t, from, n)
		if _, err := transfer.Copy(t.Context(), from, whole, options()); err != nil {
			t.Fatal(err)
		}
		broken.broken, broken.written = rapid.IntRange(1, 4).Draw(t, "broken append"), rapid.Bool().Draw(t, "written")
		_, err := transfer.Copy(t.Context(), from, broken, options())
		if failed := broken.broken <= 0; failed != errors.Is(err, errBroken) {
			t.Fatalf("broken: %v, but the copy says %v", failed, err)
		}
		for range 2 { // the second time there is nothing left to do
			if _, err := transfer.Copy(t.Context(), from, broken, options()); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := fmt.Sprint(content(t, broken)), fmt.Sprint(content(t, whole)); got != want {
			t.Fatalf("the copy that went on differs from one in one go:\n%s\n%s", got, want)
		}
	})
}

// TestCopyAgainIsTheSame compares stored bytes, positions and claims included.
func TestCopyAgainIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := source(t)
		var copies [2][]byte
		for i := range copies {
			to := target(t, from, 2)
			if _, err := transfer.Copy(t.Context(), from, to, options()); err != nil {
				t.Fatal(err)
			}
			for _, part := range to.parts {
				for _, r := range part {
					r.Schema = 0
					copies[i], _ = schemas.AppendRecord(copies[i], r)
				}
			}
		}
		if !bytes.Equal(copies[0], copies[1]) {
			t.Fatal("two copies differ")
		}
	})
}

// grown makes a log of one tree with n edits.
func grown(t testing.TB, n int) *fakeLog {
	l := newFakeLog(domain.Identity{ID: domain.LogID{7}, Partitions: 1}, began)
	w, _ := l.Own(t.Context(), 0)
	for i := range n {
		var e domain.Event = tree.MessageEdited{Text: fmt.Sprint(i), Revision: i}
		if i == 0 {
			e = tree.Opened{Language: "en"}
		}
		err := w.Append(t.Context(), []domain.Recorded{{
			ID: domain.EventID{byte(i >> 8), byte(i), 1}, Position: domain.Position{Seq: domain.Seq(i + 2)}, Stream: domain.TreeStream(domain.TreeID{1}),
			Version: domain.Version(i + 1), Schema: 1, Time: began.Add(time.Duration(i) * time.Second), Epoch: 1, Payload: e,
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestGroups(t *testing.T) {
	from := grown(t, 2500)
	to := target(t, from, 1)
	var last, total int64
	o := options()
	o.Progress = func(done, all int64) { last, total = done, all }
	if _, err := transfer.Copy(t.Context(), from, to, o); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(to.appends) != "[1000 1000 500]" {
		t.Errorf("appended in groups of %v", to.appends)
	}
	if last != 5000 || total != 5002 { // the claim is no step
		t.Errorf("progress ended at %d of %d", last, total)
	}
}

// TestRefusals: whatever is no copy of the source is left as it is.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(from, to *fakeLog)
		want  error
		text  string
	}{
		{"another log", func(from, to *fakeLog) { to.identity.ID = domain.LogID{9} }, transfer.ErrNoCopy, "give another place"},
		{"the source itself", func(from, to *fakeLog) { to.identity = from.identity }, transfer.ErrNoCopy, "give another place"},
		{"an event changed", func(from, to *fakeLog) { to.parts[0][2].Version = 9 }, transfer.ErrNoCopy, "event 0/3 is not event 0/3 of the source"},
		{"an event left out", func(from, to *fakeLog) { to.parts[0] = append(to.parts[0][:2:2], to.parts[0][3:]...) }, transfer.ErrNoCopy, "is not event 0/3 of the source"},
		{"work went on in the target", func(from, to *fakeLog) { from.parts[0] = from.parts[0][:5] }, transfer.ErrNoCopy, "event 0/6 is not in the source"},
		{"a clock that runs", func(from, to *fakeLog) {
			to.parts[0] = nil
			to.clock = domain.NewManualClock(began.Add(time.Hour))
		}, nil, "must stand at the source's beginning"},
		{"no first event", func(from, to *fakeLog) {
			to.parts[0] = nil
			from.parts[0][1].Payload = tree.LotteryWon{}
		}, nil, "tells no language"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := grown(t, 10)
			to := target(t, from, 1)
			if _, err := transfer.Copy(t.Context(), from, to, options()); err != nil {
				t.Fatal(err)
			}
			appends := len(to.appends)
			c.spoil(from, to)
			_, err := transfer.Copy(t.Context(), from, to, options())
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.text)
			}
			if len(to.appends) != appends {
				t.Error("something was written")
			}
		})
	}
}

func TestGrownSourceIsFollowed(t *testing.T) {
	from := grown(t, 20)
	rest := from.parts[0][15:]
	from.parts[0] = from.parts[0][:15]
	to := target(t, from, 3)
	if _, err := transfer.Copy(t.Context(), from, to, options()); err != nil {
		t.Fatal(err)
	}
	from.parts[0] = append(from.parts[0], rest...)
	report, err := transfer.Copy(t.Context(), from, to, options())
	if err != nil {
		t.Fatal(err)
	}
	if report.Copied != uint64(len(rest)) || report.Events != 20 || report.Types["message.edited"] != 19 {
		t.Errorf("report %+v", report)
	}
}

// TestOrder pins what decides between partitions: the time, then the number of
// the partition, and within one only its own order.
func TestOrder(t *testing.T) {
	from := newFakeLog(domain.Identity{ID: domain.LogID{7}, Partitions: 2}, began)
	for p, seconds := range [][]int{{2, 2, 5}, {1, 2, 3}} {
		from.clock = domain.NewManualClock(began.Add(time.Duration(1-p) * time.Second))
		w, _ := from.Own(t.Context(), domain.Partition(p))
		for i, s := range seconds {
			stream := domain.ContributorStream(domain.ContributorID{byte(p), byte(i)})
			err := w.Append(t.Context(), []domain.Recorded{{
				ID: domain.EventID{1, byte(p), byte(i)}, Position: domain.Position{Partition: domain.Partition(p), Seq: domain.Seq(i + 2)},
				Stream: stream, Version: 1, Time: began.Add(time.Duration(s) * time.Second), Epoch: 1, Payload: contributor.Enabled{},
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if at, err := transfer.Began(t.Context(), from); err != nil || !at.Equal(began) {
		t.Errorf("the log began at %s (%v), not with the claim of partition 1 at %s", at, err, began)
	}
	to := target(t, from, 1)
	if _, err := transfer.Copy(t.Context(), from, to, options()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range to.parts[0][1:] {
		got = append(got, fmt.Sprintf("%d/%d", r.ID[1], r.ID[2]))
	}
	if want := "1/0 0/0 0/1 1/1 1/2 0/2"; strings.Join(got, " ") != want {
		t.Errorf("the order is %v, want %s", got, want)
	}
}

// TestLargeEvents: a group has a bound in bytes too.
func TestLargeEvents(t *testing.T) {
	from := grown(t, 4)
	for i := range from.parts[0][1:] {
		if e, ok := from.parts[0][i+1].Payload.(tree.MessageEdited); ok {
			e.Text = strings.Repeat("long ", 80_000)
			from.parts[0][i+1].Payload = e
		}
	}
	to := target(t, from, 1)
	if _, err := transfer.Copy(t.Context(), from, to, options()); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(to.appends) != "[3 1]" {
		t.Errorf("three texts of 400 kB and the tree's first event are appended in groups of %v", to.appends)
	}
}

// TestTargetThatForgets: what was copied is read again before Copy is content.
func TestTargetThatForgets(t *testing.T) {
	from := grown(t, 10)
	to := target(t, from, 1)
	to.forgets = true
	if _, err := transfer.Copy(t.Context(), from, to, options()); !errors.Is(err, transfer.ErrNoCopy) || !strings.Contains(err.Error(), "event 0/2 is missing") {
		t.Errorf("got %v", err)
	}
}

func TestEmptyLog(t *testing.T) {
	from := newFakeLog(domain.Identity{ID: domain.LogID{7}, Partitions: 2}, began)
	report, err := transfer.Copy(t.Context(), from, target(t, from, 3), options())
	if err != nil || report.Events != 0 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestCopyIsCancelled(t *testing.T) {
	from := grown(t, 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := transfer.Copy(ctx, from, target(t, from, 1), options()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestIdentityOfACopy is pinned: a copy begun by one release is finished by
// another.
func TestIdentityOfACopy(t *testing.T) {
	got := transfer.Identity(domain.Identity{ID: domain.LogID{1, 2, 3}, Partitions: 4}, 8)
	const want = "20158dff-20e3-d64a-b4fa-8d2d789433a3"
	if got.ID.String() != want || got.Partitions != 8 {
		t.Errorf("got %s in %d partitions, want %s in 8", got.ID, got.Partitions, want)
	}
}
