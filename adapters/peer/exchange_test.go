package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
)

var (
	t0    = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	logID = domain.LogID{15: 1}
)

func secretOf(t testing.TB, text string) Secret {
	t.Helper()
	s, err := NewSecret([]byte(strings.Repeat(text, MinSecret)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stub is an owner that answers as it is told.
type stub struct {
	do    func(context.Context, domain.Partition, commands.Command) (commands.Result, error)
	ask   func(domain.Partition, commands.Question) (commands.Answer, error)
	calls atomic.Int32
}

func (s *stub) DoHere(ctx context.Context, p domain.Partition, c commands.Command) (commands.Result, error) {
	s.calls.Add(1)
	return s.do(ctx, p, c)
}

func (s *stub) AskHere(_ context.Context, p domain.Partition, q commands.Question) (commands.Answer, error) {
	s.calls.Add(1)
	return s.ask(p, q)
}

// at is a directory in which all is at one address.
type at string

func (a at) Owner(domain.Partition) (string, bool) { return string(a), a != "" }

func serve(t testing.TB, h http.Handler) at {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return at(s.URL)
}

func pair(t testing.TB, owner Owner) *Client {
	clock := domain.NewManualClock(t0)
	to := serve(t, NewHandler(logID, secretOf(t, "a"), clock, owner))
	c := NewClient(logID, secretOf(t, "a"), clock, to)
	t.Cleanup(c.Close)
	return c
}

var register = commands.Command{ID: domain.CommandID{1}, Actor: domain.ByRule("test"), Body: commands.OnContributor{
	Contributor: domain.ContributorID{2}, Do: contributor.Register{Contributor: domain.ContributorID{2}},
}}

func TestResultsAndAnswers(t *testing.T) {
	event := domain.Recorded{
		ID: domain.EventID{3}, Position: domain.Position{Partition: 4, Seq: 5}, Stream: domain.ContributorStream(domain.ContributorID{2}),
		Version: 1, Schema: 1, Time: t0, Actor: register.Actor, Command: register.ID, Epoch: 6, Payload: contributor.Registered{Contributor: domain.ContributorID{2}},
	}
	want := commands.Result{Events: []domain.Recorded{event, event}, Repeated: true, At: domain.Position{Partition: 4, Seq: 6}}
	answer := commands.Answer{
		Available: [len(domain.TaskKinds)]int{1, 2}, Trees: []domain.TreeID{{7}},
		Effect: commands.Effect{Trees: 1, Messages: 2, Halted: 3, Deleted: []domain.MessageID{{8}}},
	}
	answer.Assignment.Kind, answer.Assignment.Full = domain.TaskRankPrompter, true
	c := pair(t, &stub{
		do: func(_ context.Context, p domain.Partition, got commands.Command) (commands.Result, error) {
			if diff := cmp.Diff(register, got); p != 4 || diff != "" {
				t.Errorf("partition %d, another command:\n%s", p, diff)
			}
			return want, nil
		},
		ask: func(domain.Partition, commands.Question) (commands.Answer, error) { return answer, nil },
	})
	got, err := c.Do(t.Context(), 4, register)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, another result:\n%s", err, diff)
	}
	told, err := c.Ask(t.Context(), 4, commands.AskInvolved{})
	if diff := cmp.Diff(answer, told, cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "behind" }, cmp.Ignore())); err != nil || diff != "" {
		t.Errorf("%v, another answer:\n%s", err, diff)
	}
}

// declared lists what the package domain declares: a constant by its text, a
// variable by its name.
func declared(t *testing.T, want func(*ast.ValueSpec) bool) (names []string) {
	for _, f := range parsed(t, "domain") {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && want(v) {
					names = append(names, valueOf(v))
				}
			}
		}
	}
	return names
}

func valueOf(v *ast.ValueSpec) string {
	if lit, ok := v.Values[0].(*ast.BasicLit); ok {
		text, _ := strconv.Unquote(lit.Value)
		return text
	}
	return v.Names[0].Name
}

// Every kind of refusal and every error of the log comes out as it went in.
func TestFailuresTravel(t *testing.T) {
	var fail error
	owner := &stub{
		do: func(context.Context, domain.Partition, commands.Command) (commands.Result, error) {
			return commands.Result{}, fail
		},
		ask: func(domain.Partition, commands.Question) (commands.Answer, error) { return commands.Answer{}, fail },
	}
	c := pair(t, owner)
	both := func(err error) []error {
		fail = err
		_, done := c.Do(t.Context(), 1, register)
		_, asked := c.Ask(t.Context(), 1, commands.AskInvolved{})
		for _, got := range []error{done, asked} {
			if got == nil || got.Error() != err.Error() {
				t.Errorf("%q came as %v", err, got)
			}
		}
		return []error{done, asked}
	}
	kinds := declared(t, func(v *ast.ValueSpec) bool { id, ok := v.Type.(*ast.Ident); return ok && id.Name == "Kind" })
	if len(kinds) < 30 {
		t.Fatalf("only %d kinds of refusal were found", len(kinds))
	}
	for _, k := range kinds {
		for _, got := range both(domain.Refuse(domain.Kind(k), "because of %s", k)) {
			if domain.RefusalKind(got) != domain.Kind(k) || errors.Is(got, domain.ErrUnknown) {
				t.Errorf("a refusal of kind %s came as %v (%s)", k, got, domain.RefusalKind(got))
			}
		}
	}
	for _, s := range sentinels {
		for _, got := range both(fmt.Errorf("partition 3: %w", s.err)) {
			for _, o := range sentinels {
				if errors.Is(got, o.err) != (o.name == s.name) {
					t.Errorf("%s came as %s too, or not at all", s.name, o.name)
				}
			}
		}
	}
	for _, got := range both(fmt.Errorf("moved: %w", &commands.NotOwned{Partition: 9})) {
		var not *commands.NotOwned
		if !errors.As(got, &not) || not.Partition != 9 {
			t.Errorf("not owned came as %v", got)
		}
	}
	for _, got := range both(&domain.Damage{Place: "here", Why: "so"}) {
		var d *domain.Damage
		if !errors.As(got, &d) || d.Place != "here" || d.Why != "so" {
			t.Errorf("damage came as %v", got)
		}
	}
	for _, got := range both(fmt.Errorf("on that node: %w", context.Canceled)) {
		if !errors.Is(got, domain.ErrUnknown) || errors.Is(got, context.Canceled) {
			t.Errorf("another node's context came as %v", got)
		}
	}
	if got := (&failure{Text: "new", Is: []string{"of a later release"}}).err(); !errors.Is(got, domain.ErrUnknown) {
		t.Errorf("an error that is unknown here: %v", got)
	}
}

// The errors that have names are those of the domain.
func TestSentinelsAreTheDomains(t *testing.T) {
	want := declared(t, func(v *ast.ValueSpec) bool { return strings.HasPrefix(v.Names[0].Name, "Err") })
	var have []string
	for _, s := range sentinels {
		var name strings.Builder
		for _, part := range strings.Split(s.name, "_") {
			name.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
		have = append(have, "Err"+name.String())
	}
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-domain +here:\n%s", diff)
	}
}

// Strangers get nothing done, and nothing read; what strangers answer is no
// answer.
func TestSeals(t *testing.T) {
	owner := &stub{do: func(context.Context, domain.Partition, commands.Command) (commands.Result, error) {
		return commands.Result{At: domain.Position{Seq: 1}}, nil
	}}
	clock := domain.NewManualClock(t0)
	h := NewHandler(logID, secretOf(t, "a"), clock, owner)
	spoil := func(change func(*http.Request)) at {
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { change(r); h.ServeHTTP(w, r) }))
	}
	answer := func(change func(http.ResponseWriter, *httptest.ResponseRecorder)) at {
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			change(w, rec)
		}))
	}
	plain := spoil(func(*http.Request) {})
	late := domain.NewManualClock(t0.Add(skew + time.Second))
	for name, x := range map[string]struct {
		client *Client
		done   int32
	}{
		"another secret": {NewClient(logID, secretOf(t, "b"), clock, plain), 0},
		"another log":    {NewClient(domain.LogID{15: 2}, secretOf(t, "a"), clock, plain), 0},
		"another time":   {NewClient(logID, secretOf(t, "a"), late, plain), 0},
		"another body": {NewClient(logID, secretOf(t, "a"), clock, spoil(func(r *http.Request) {
			raw, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(raw, []byte("rule"), []byte("RULE"), 1)))
		})), 0},
		"another path": {NewClient(logID, secretOf(t, "a"), clock, spoil(func(r *http.Request) { r.URL.Path = QuestionsPath })), 0},
		"no seal":      {NewClient(logID, secretOf(t, "a"), clock, spoil(func(r *http.Request) { r.Header.Del(headerSeal) })), 0},
		"another answer": {NewClient(logID, secretOf(t, "a"), clock, answer(func(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
			w.Header().Set(headerSeal, rec.Header().Get(headerSeal))
			_, _ = w.Write(bytes.Replace(rec.Body.Bytes(), []byte("result"), []byte("resulT"), 1))
		})), 1},
		"an answer to another": {NewClient(logID, secretOf(t, "a"), clock, answer(func(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
			h.seal.sealAnswer(w.Header(), strings.Repeat("0", 64), rec.Body.Bytes())
			_, _ = w.Write(rec.Body.Bytes())
		})), 1},
		"a redirect": {NewClient(logID, secretOf(t, "a"), clock, serve(t, http.RedirectHandler(string(plain)+CommandsPath, http.StatusTemporaryRedirect))), 0},
	} {
		owner.calls.Store(0)
		_, err := x.client.Do(t.Context(), 0, register)
		x.client.Close()
		if n := owner.calls.Load(); err == nil || n != x.done {
			t.Errorf("%s: %v, and %d commands were done, want %d", name, err, n, x.done)
		}
		// A request that was changed is told so by a sealed answer; all else is none.
		if name != "another body" && !errors.Is(err, domain.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err), "aaaa") {
			t.Errorf("%s: the secret shows: %v", name, err)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", h.seal.secret, h.seal, h.seal); strings.Contains(s, "aaaa") || strings.Contains(s, "97 97") || strings.Contains(s, "0x61") {
		t.Errorf("the secret is printed: %s", s)
	}
	if _, err := NewSecret([]byte("short")); err == nil {
		t.Error("a short secret was taken")
	}
}

// Who cannot be reached has done nothing; who does not answer may have.
func TestLostCalls(t *testing.T) {
	clock := domain.NewManualClock(t0)
	client := func(to at) *Client { return NewClient(logID, secretOf(t, "a"), clock, to) }
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, to := range []at{"", at(gone.URL), "no address"} {
		_, err := client(to).Do(t.Context(), 2, register)
		var not *commands.NotOwned
		if !errors.As(err, &not) || not.Partition != 2 || errors.Is(err, domain.ErrUnknown) {
			t.Errorf("%q: %v", to, err)
		}
	}
	cut := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	if _, err := client(cut).Do(t.Context(), 2, register); !errors.Is(err, domain.ErrUnknown) {
		t.Errorf("a connection that broke: %v", err)
	}
	held := make(chan struct{})
	owner := &stub{do: func(ctx context.Context, _ domain.Partition, _ commands.Command) (commands.Result, error) {
		<-ctx.Done() // the owner learns that nobody waits any more
		held <- struct{}{}
		return commands.Result{}, ctx.Err()
	}}
	slow := pair(t, owner)
	slow.within = 20 * time.Millisecond
	if _, err := slow.Do(t.Context(), 2, register); !errors.Is(err, domain.ErrUnknown) {
		t.Errorf("no answer in time: %v", err)
	}
	<-held
	slow.within = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := slow.Do(ctx, 2, register); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller left: %v", err)
	}
	<-held
}

// Beyond the bounds nothing is taken.
func TestBounds(t *testing.T) {
	owner := &stub{}
	c := pair(t, owner)
	large := register
	large.Actor.ID = strings.Repeat("x", maxRequest)
	if _, err := c.Do(t.Context(), 0, large); domain.RefusalKind(err) != domain.Invalid {
		t.Errorf("a command of %d bytes: %v", maxRequest, err)
	}
	clock := domain.NewManualClock(t0)
	h := NewHandler(logID, secretOf(t, "a"), clock, owner)
	for range maxAtOnce {
		h.slots <- struct{}{}
	}
	if _, err := NewClient(logID, secretOf(t, "a"), clock, serve(t, h)).Do(t.Context(), 0, register); !errors.Is(err, domain.ErrOverloaded) || errors.Is(err, domain.ErrUnknown) {
		t.Errorf("a busy node: %v", err)
	}
	if n := owner.calls.Load(); n != 0 {
		t.Errorf("%d commands were done", n)
	}
}
