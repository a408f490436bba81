package main

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/httpapi"
	"dendro/adapters/memory"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/directory"
	"dendro/domain/tree"
)

// yesterday compares what a server said when the log ended at a cut with what
// one says of that cut when the log has grown.
type yesterday struct {
	*testing.T
	log    domain.Log
	people *memory.Directory
	all    things
	now    *httpapi.Server
	engine *commands.Engine
}

func newYesterday(t *testing.T) *yesterday {
	y := &yesterday{T: t, log: crowdLog(t, 13, 25, 900), people: memory.NewDirectory()}
	y.all = things{
		"time_frame": {"day", "week", "month", "total"}, "auth_method": {"local"},
		"name": {"human_messages_by_lang", "message_trees_by_state", "users_accepted_tos"},
	}
	eachEvent(t, y.log, func(r domain.Recorded) {
		switch e := r.Payload.(type) {
		case contributor.Registered:
			y.know(e)
		case tree.MessagePosted:
			if len(y.all["message_id"])%7 == 0 || len(y.all["message_id"]) < 5 {
				y.all["tree_id"] = append(y.all["tree_id"], domain.MessageID(must(r.Stream.Tree())).String())
				y.all["frontend_id"] = append(y.all["frontend_id"], url.PathEscape(e.FrontendID))
			}
			y.all["message_id"] = append(y.all["message_id"], e.Message.String())
		}
	})
	// Reactions could carry a purge out before the test has looked at it.
	var err error
	if y.engine, err = commands.Open(t.Context(), y.log, commands.Options{Clock: wallClock, Dice: chance, NoReactions: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := y.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	y.report()
	end, err := y.log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	y.now = y.server(y.log, end, wallClock)
	return y
}

func must[T any](v T, _ bool) T { return v }

// report lets people report messages, some of them again and again, and a
// moderator work through some of it.
func (y *yesterday) report() {
	dice := domain.NewDice(2)
	do := func(actor domain.Actor, c tree.Command) {
		id := domain.CommandID(domain.NewID(time.Now(), [10]byte(randomBytes(10))))
		_, err := y.engine.Do(y.Context(), commands.Command{ID: id, Actor: actor, Body: commands.OnTree{Do: c}})
		if err != nil && !errors.As(err, new(*domain.Refusal)) { // one's own, or disabled
			y.Fatal(err)
		}
	}
	for range 40 {
		m := domain.MessageID(mustID(y.all["message_id"][dice.Below(9)]))
		who := domain.ContributorID(mustID(y.all["user_id"][dice.Below(9)]))
		do(domain.ByContributor(who), tree.SetLabels{Message: m, By: who, Report: true, Terms: "1", Labels: []tree.LabelValue{{Label: "spam", Value: decimal.Int(1)}}})
		if dice.Chance(1, 5) {
			do(domain.ByModerator(who.String()), tree.ResolveReport{Message: m})
		}
	}
}

func mustID(text string) [16]byte {
	id, err := domain.ParseID(text)
	if err != nil {
		panic(err)
	}
	return id
}

// know gives an account a name.
func (y *yesterday) know(e contributor.Registered) {
	id := e.Contributor.String()
	person := directory.Person{ID: e.Contributor, Client: e.Client, Login: directory.Login{Method: "local", Username: "u" + id}, DisplayName: "U " + id, Created: time.Unix(0, 0)}
	if _, err := y.people.Add(y.Context(), person); err != nil {
		y.Fatal(err)
	}
	y.all["user_id"] = append(y.all["user_id"], id)
	y.all["moderator_id"] = append(y.all["moderator_id"], id)
	y.all["username"] = append(y.all["username"], person.Login.Username)
}

// server serves views that were followed to a cut.
func (y *yesterday) server(log domain.Log, end domain.Cut, clock domain.Clock) *httpapi.Server {
	y.Helper()
	store := memory.NewStore(log.Identity())
	build(y, log, store, allViews(), end)
	api, err := httpapi.New(httpapi.Config{
		Log: log, Engine: y.engine, Views: store, Directory: y.people, Clock: clock, Random: rand.Reader, NoRateLimits: true,
		AnyKey: true, Dev: directory.Client{ID: domain.ClientID{1}, Trusted: true}, Past: newPast(log),
	})
	if err != nil {
		y.Fatal(err)
	}
	return api
}

func (y *yesterday) ask(s *httpapi.Server, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(y.Context(), http.MethodGet, "/api/v1"+path, nil))
	return w
}

// asOf adds the parameter to a path.
func asOf(path, when string) string {
	u, _ := url.Parse(path)
	q := u.Query()
	q.Set("as_of", when)
	u.RawQuery = q.Encode()
	return u.String()
}

// Every question about an earlier cut is answered, to the byte, as a server
// answered it whose log ended there, at the time of its newest event.
func TestAsOfIsWhatWasSaidThen(t *testing.T) {
	y := newYesterday(t)
	dice := domain.NewDice(4)
	end, err := y.log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		cut := end.Clone()
		for p := range cut.End {
			cut.End[p] = 1 + domain.Seq(dice.Below(int(cut.End[p])))
		}
		m, err := momentAt(t.Context(), y.log, cut, nil)
		if err != nil {
			t.Fatal(err)
		}
		then := y.server(upTo{y.log, cut}, cut, domain.NewManualClock(m.Newest))
		for _, path := range y.all.questions() {
			if path == "/campaign" || path == "/admin/backend_settings/full" || path == "/admin/backend_settings/public" || path == "/text_labels/report_labels" {
				continue // the policy is tested beside; the others have no past
			}
			if strings.Contains(path, "/purges") {
				continue // that of the present is the engine's; see TestPurgesAsOf
			}
			want, got := y.ask(then, path), y.ask(y.now, asOf(path, cut.String()))
			if want.Code != got.Code || want.Body.String() != got.Body.String() {
				t.Fatalf("%s as of %s:\nthen %d %.2000s\nnow  %d %.2000s", path, cut, want.Code, want.Body, got.Code, got.Body)
			}
			if at := got.Header().Get("X-Dendro-As-Of"); got.Code == 200 && at != cut.String() {
				t.Fatalf("%s is said to be as of %q, want %s", path, at, cut)
			}
		}
	}
}

// The purges of an account are, as of a cut, those that were told when the log
// ended there.
func TestPurgesAsOf(t *testing.T) {
	y := newYesterday(t)
	account := y.all["user_id"][3]
	path, who, act := "/users/"+account+"/purges", domain.ContributorID(mustID(account)), domain.CommandID{7}
	type said struct {
		at   domain.Cut
		body string
	}
	var all []said
	note := func() {
		end, err := y.log.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := y.ask(y.now, path)
		if got.Code != 200 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		all = append(all, said{end, got.Body.String()})
	}
	note()
	for n, do := range []contributor.Command{
		contributor.OrderPurge{Act: act, Scope: contributor.PurgeScope{KeepPrompts: true, Ban: true}, Reason: "spam"},
		contributor.ReversePurge{Act: act, Reason: "it was none"},
	} {
		result, err := y.engine.Do(t.Context(), commands.Command{
			ID: domain.CommandID{8, byte(n)}, Actor: domain.ByModerator("mo"), Body: commands.OnContributor{Contributor: who, Do: do},
		})
		if err != nil {
			t.Fatal(err)
		}
		note()
		if _, err := y.engine.CarryOut(t.Context(), who, act, result); err != nil {
			t.Fatal(err)
		}
		note()
	}
	if all[0].body != "[]" || all[1].body == all[2].body || all[2].body == all[4].body {
		t.Fatalf("it was said: %+v", all)
	}
	for _, s := range all {
		if got := y.ask(y.now, asOf(path, s.at.String())); got.Code != 200 || got.Body.String() != s.body {
			t.Errorf("as of %s:\nthen %s\nnow  %d %s", s.at, s.body, got.Code, got.Body)
		}
	}
	if got := y.ask(y.now, asOf(path+"/preview", all[0].at.String())); got.Code != 422 {
		t.Errorf("a preview as of the past: %d %s", got.Code, got.Body)
	}
}

// A time is its cut; the policy is the one that was in force; what cannot be
// answered is refused, and says why.
func TestAsOfATime(t *testing.T) {
	y := newYesterday(t)
	var first, middle time.Time
	n := 0
	eachEvent(t, y.log, func(r domain.Recorded) {
		if n++; first.IsZero() || r.Time.Before(first) {
			first = r.Time
		}
		if n == 1000 {
			middle = r.Time
		}
	})
	when := middle.Format(time.RFC3339Nano)
	got := y.ask(y.now, asOf("/stats/", when))
	cut, err := domain.ParseCut(got.Header().Get("X-Dendro-As-Of"))
	if err != nil || got.Code != 200 {
		t.Fatalf("as of %s: %d %s", when, got.Code, got.Body)
	}
	if again := y.ask(y.now, asOf("/stats/", cut.String())); again.Body.String() != got.Body.String() {
		t.Errorf("as of %s %s, as of its cut %s", when, got.Body, again.Body)
	}
	before := y.ask(y.now, asOf("/campaign", y.log.Identity().Start().String())).Body.String()
	end, err := y.log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	between, last := y.ask(y.now, asOf("/campaign", cut.String())).Body.String(), y.ask(y.now, asOf("/campaign", end.String())).Body.String()
	if now := y.ask(y.now, "/campaign").Body.String(); between == before || between == now || last != now {
		t.Errorf("the policy was %s, then %s, in the end %s, and is %s", before, between, last, now)
	}
	foreign := cut.Clone()
	foreign.Log[3]++
	late := cut.Clone()
	late.End[0] += 1 << 40
	for path, status := range map[string]int{
		asOf("/stats/", "yesterday"):                                    422,
		asOf("/stats/", foreign.String()):                               400,
		asOf("/stats/", late.String()):                                  400,
		asOf("/stats/", time.Now().Add(time.Hour).Format(time.RFC3339)): 400,
		asOf("/events", when):                                           422,
		asOf("/admin/views", when):                                      422,
		asOf("/text_labels/report_labels", when):                        422,
		asOf("/stats/?at_least=0/2", when):                              422,
	} {
		if got := y.ask(y.now, path); got.Code != status {
			t.Errorf("%s: %d %s, want %d", path, got.Code, got.Body, status)
		}
	}
}

// slow is a log that reads when it may.
type slow struct {
	domain.Log
	may   chan struct{}
	reads chan struct{}
}

func (l slow) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		l.reads <- struct{}{}
		<-l.may
		for r, err := range l.Log.Read(ctx, from, to) {
			if !yield(r, err) {
				return
			}
		}
	}
}

// waitingFor returns when so many wait.
func waitingFor(p *past, want int) {
	for waiting := -1; waiting != want; {
		waiting = 0
		p.mu.Lock()
		for _, f := range p.folds {
			waiting += f.waiting
		}
		p.mu.Unlock()
	}
}

// One moment is folded at a time, for all who ask for it; too many are refused;
// the newest few are kept.
func TestThePastIsBounded(t *testing.T) {
	log := crowdLog(t, 13, 25, 50)
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := func(n int) domain.Cut {
		cut := end.Clone()
		cut.End[0] -= domain.Seq(n)
		return cut
	}
	l := slow{log, make(chan struct{}), make(chan struct{}, 100)}
	p := newPast(l)
	var all sync.WaitGroup
	answers := make(chan error, 100)
	for n := range 3 * foldsWaiting {
		all.Go(func() {
			_, err := p.At(t.Context(), at(n%foldsWaiting))
			answers <- err
		})
	}
	<-l.reads
	waitingFor(p, 3*foldsWaiting)
	if _, err := p.At(t.Context(), at(foldsWaiting)); !errors.Is(err, domain.ErrOverloaded) {
		t.Errorf("one more: %v, want ErrOverloaded", err)
	}
	for range foldsWaiting {
		l.may <- struct{}{}
	}
	all.Wait()
	for range 3 * foldsWaiting {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if len(p.kept) != keptMoments {
		t.Errorf("%d moments are kept, want %d", len(p.kept), keptMoments)
	}
	if _, err := p.At(t.Context(), p.kept[keptMoments-1].Cut); err != nil {
		t.Errorf("a moment that is kept: %v", err)
	}
}

// Whoever asks for a moment that is just being given up, as all who waited for
// it have left, does not go down with it.
func TestGivenUpMomentIsFoldedAgain(t *testing.T) {
	log := crowdLog(t, 13, 25, 50)
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := slow{log, make(chan struct{}), make(chan struct{}, 100)}
	p := newPast(l)
	ctx, cancel := context.WithCancel(t.Context())
	ask := func(ctx context.Context) <-chan error {
		answer := make(chan error, 1)
		go func() {
			_, err := p.At(ctx, end)
			answer <- err
		}()
		return answer
	}
	gone := ask(ctx)
	<-l.reads
	p.mu.Lock()
	first := p.folds[end.String()]
	p.mu.Unlock()
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who left is told %v", err)
	}
	again := ask(t.Context())
	waitingFor(p, 1)
	l.may <- struct{}{}
	if <-first.done; !errors.Is(first.err, context.Canceled) {
		t.Errorf("what nobody waited for ended with %v", first.err)
	}
	select {
	case l.may <- struct{}{}:
		if err := <-again; err != nil {
			t.Errorf("who asks then is told %v", err)
		}
	case err := <-again:
		t.Fatalf("who asks then is told %v, by what was given up", err)
	}
	if len(p.folds) != 0 {
		t.Errorf("%d moments are left on their way", len(p.folds))
	}
}
