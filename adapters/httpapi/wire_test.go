package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recorded is an exchange with the Open-Assistant backend.
type recorded struct {
	Name   string
	Status int
	Answer any
}

// departure is where the server answers otherwise than recorded, and why.
type departure struct {
	status int // 0: as recorded
	code   int // with another status, or -1
	// at lists the places of the answer that differ in null or type, as paths
	// with * for any index.
	at  []string
	why string
}

const (
	noServerError = "bad input is no failure of the server"
	alwaysCurrent = "boards and statistics are always current"
	betterTasks   = "an initial prompt's task is one contributor's: each submission would be a tree of its own"
	trustedOnly   = "the table of endpoints asks for a trusted client"
	ownOnly       = "an untrusted client sees its own contributors and messages only"
	oneModel      = "only what the type names is complained about, not every model that there is"
	codeTable     = "the table of codes gives 2001 the status 404"
)

// everywhere are members that differ in many answers for one reason.
var everywhere = map[string]string{
	"help_text": "every label has a help text (collection.md, section 3)",
	"parent_id": "which of a tree's messages come first hangs on what was written",
	"rank":      "which of a tree's messages come first hangs on what was written",
}

var departures = map[string]departure{
	"POST_tasks_interaction__422_type":           {at: []string{".detail.*"}, why: oneModel},
	"POST_tasks_interaction__422_blank_text":     {at: []string{".detail.*"}, why: oneModel},
	"POST_tasks_interaction__422_label_value":    {at: []string{".detail.*"}, why: oneModel},
	"GET_users_id_stats__only_day":               {at: []string{""}, why: alwaysCurrent},
	"GET_messages_id__untrusted":                 {status: 404, code: 2001, why: ownOnly},
	"PUT_messages_id_undelete__untrusted":        {status: 403, code: 2, why: trustedOnly},
	"POST_tasks__collective":                     {status: 400, code: 0, why: betterTasks},
	"POST_tasks_close":                           {status: 200, code: -1, why: noServerError},
	"POST_text_labels__unknown_message":          {status: 404, code: 2001, why: codeTable},
	"GET_stats_cached_name__400_not_there":       {status: 200, code: -1, why: alwaysCurrent},
	"GET_users_id_stats_tf__404":                 {status: 404, code: 4002, why: noServerError},
	"GET_users_id_stats_tf__before_update":       {status: 200, code: -1, why: alwaysCurrent},
	"POST_admin_purge_user_id":                   {status: 200, code: -1, why: noServerError},
	"POST_admin_purge_user_id__preview":          {status: 200, code: -1, why: noServerError},
	"POST_admin_purge_user_id_messages":          {status: 200, code: -1, why: noServerError},
	"POST_admin_purge_user_id_messages__preview": {status: 200, code: -1, why: noServerError},
}

// wire holds a world to the recorded exchanges.
type wire struct {
	*world
	known map[string]recorded
	seen  map[string]bool
}

func readWire(t *testing.T) map[string]recorded {
	t.Helper()
	file, err := os.ReadFile("testdata/wire.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]recorded{}
	lines := bufio.NewScanner(bytes.NewReader(file))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		known[r.Name] = r
	}
	if len(known) != 182 {
		t.Fatalf("there are %d recorded exchanges, not 182", len(known))
	}
	return known
}

// is sends a request and holds the answer against the recorded one.
func (w *wire) is(name string, a ask) answer {
	w.t.Helper()
	r, ok := w.known[name]
	if !ok {
		w.t.Fatalf("no exchange is called %s", name)
	}
	w.seen[name] = true
	got := w.do(a)
	d, departs := departures[name]
	if departs && d.status != 0 {
		if got.status != d.status || got.code() != d.code {
			w.t.Errorf("%s: answered %d, code %d; the listed departure is %d, %d: %s", name, got.status, got.code(), d.status, d.code, got.raw)
		}
		return got
	}
	if got.status != r.Status {
		w.t.Errorf("%s: answered %d, recorded %d: %s", name, got.status, r.Status, got.raw)
		return got
	}
	for _, diff := range compareShape(r.Answer, got.value, "", name) {
		place, _, _ := strings.Cut(diff, ":")
		_, known := everywhere[place[strings.LastIndexByte(place, '.')+1:]]
		if !known && !slices.ContainsFunc(d.at, func(p string) bool { return place == p || strings.HasPrefix(place, p+".") }) {
			w.t.Errorf("%s: %s", name, diff)
		}
	}
	return got
}

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$`)
	keyForm  = regexp.MustCompile(`^[0-9a-f-]{36}\$`)
)

// byData are members whose keys are data, not names.
var byData = []string{"emojis", "active_by_lang", "state_counts"}

// vocabulary are members whose very values are the contract's.
var vocabulary = []string{
	"type", "widget", "name", "mode", "disposition", "auth_method", "sort_key", "order", "error_code", "API_V1_STR", "processed", "preview",
}

// compareShape tells where two answers differ in keys, nulls, types and forms;
// each difference begins with its place.
func compareShape(want, got any, place, name string) (diffs []string) {
	differ := func(format string, args ...any) {
		diffs = append(diffs, place+": "+fmt.Sprintf(format, args...))
	}
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			differ("it is %s, recorded an object", kindOf(got))
			return diffs
		}
		last := place[strings.LastIndexByte(place, '.')+1:]
		if slices.Contains(byData, last) {
			return nil
		}
		for k, v := range want {
			if _, there := g[k]; !there {
				differ("%s is missing", k)
				continue
			}
			diffs = append(diffs, compareShape(v, g[k], place+"."+k, name)...)
		}
		for k := range g {
			if _, there := want[k]; !there {
				differ("%s is there, and recorded it is not", k)
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			differ("it is %s, recorded a list", kindOf(got))
			return diffs
		}
		if len(want) == 0 != (len(g) == 0) {
			differ("it has %d items, recorded %d", len(g), len(want))
		}
		for i := range min(len(want), len(g)) {
			if s, cut := want[i].(string); cut && strings.HasPrefix(s, "…") {
				break
			}
			diffs = append(diffs, compareShape(want[i], g[i], place+".*", name)...)
		}
	default:
		if kindOf(want) != kindOf(got) {
			differ("it is %s (%v), recorded %s (%v)", kindOf(got), got, kindOf(want), want)
			return diffs
		}
		last := place[strings.LastIndexByte(place, '.')+1:]
		if slices.Contains(vocabulary, last) && want != got && want != "…" {
			differ("it is %v, recorded %v", got, want)
		}
	}
	return diffs
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a truth"
	case float64:
		return "a number"
	case string:
		switch {
		case uuidForm.MatchString(v):
			return "a UUID"
		case timeForm.MatchString(v):
			return "a time"
		case keyForm.MatchString(v):
			return "a cursor"
		}
		return "a text"
	case []any:
		return "a list"
	}
	return "an object"
}

const unknownID = "00000000-0000-4000-8000-000000000000"

// TestWire brings a server into the situation of each recorded exchange.
func TestWire(t *testing.T) {
	w := &wire{world: newWorld(t, nil), known: readWire(t), seen: map[string]bool{}}
	s := &scene{wire: w}
	s.accounts()
	s.beforeWork()
	s.prompt()
	s.reviews()
	s.growing()
	s.reading()
	s.reactions()
	s.scores()
	s.moderation()
	s.endings()
	s.limited(t)
	for name := range w.known {
		if !w.seen[name] {
			t.Errorf("the exchange %s was never brought about", name)
		}
	}
	for name := range departures {
		if _, ok := w.known[name]; !ok {
			t.Errorf("a departure is listed from %s, which is no exchange", name)
		}
	}
}
