package httpapi_test

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// flagged is a world in which four prompts were reported, in the order in which
// they are given: once, three times, three times and twice. The first and the
// third were worked through.
func flagged(t *testing.T) (w *world, ids map[string]string, trees []string) {
	w = newWorld(t, nil)
	ids = w.register("ann", "bob", "cem", "dia", "eve", "fay", "gus", "mod")
	for _, author := range []string{"ann", "bob", "cem", "dia"} {
		trees = append(trees, w.plant(author))
	}
	for i, reporters := range [][]string{{"eve"}, {"eve", "fay", "gus"}, {"gus", "eve", "fay"}, {"fay", "gus"}} {
		for _, by := range reporters {
			w.must(w.do(ask{method: "POST", path: "/text_labels/", body: m{
				"user": user(by), "message_id": trees[i], "text": "of " + by, "labels": m{"spam": 1}, "is_report": true,
			}}), 204)
		}
	}
	for _, i := range []int{0, 2} {
		w.must(w.do(ask{method: "POST", path: "/admin/flagged_messages/" + trees[i] + "/processed"}), 200)
	}
	return w, ids, trees
}

// flags are the messages of a list, as numbers among trees.
func flags(trees []string, list any) (out []int) {
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, slices.Index(trees, walk(item, "message_id").(string)))
	}
	return out
}

var flagOrders = []struct {
	query string
	want  []int
}{
	{"sort=newest", []int{3, 2, 1, 0}},
	{"sort=oldest", []int{0, 1, 2, 3}},
	{"sort=most_flagged", []int{1, 2, 3, 0}},
	{"sort=most_flagged&open=true", []int{1, 3}},
	{"sort=newest&open=true", []int{3, 1}},
	{"sort=oldest&lang=en", []int{0, 1, 2, 3}},
	{"sort=most_flagged&lang=en&open=true", []int{1, 3}},
	{"sort=oldest&lang=de", nil},
}

func TestFlaggedMessagesAreSorted(t *testing.T) {
	w, _, trees := flagged(t)
	list := func(query string) []int {
		return flags(trees, w.must(w.do(ask{method: "GET", path: "/admin/flagged_messages?" + query}), 200).at())
	}
	for _, c := range append(flagOrders, flagOrders[0]) {
		if diff := cmp.Diff(c.want, list(c.query)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.query, diff)
		}
	}
	for query, want := range map[string][]int{"": {3, 2, 1, 0}, "open=true": {3, 1}, "max_count=1&sort=most_flagged": {1}} {
		if diff := cmp.Diff(want, list(query)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", query, diff)
		}
	}
	w.must(w.do(ask{method: "GET", path: "/admin/flagged_messages?open=perhaps"}), 422)
}

// Pages of any size, walked forward and then back, hold each row once; each
// page has the sort and the order that it is in.
func TestFlaggedMessagesArePaged(t *testing.T) {
	w, _, trees := flagged(t)
	cases := append(slices.Clone(flagOrders), struct {
		query string
		want  []int
	}{"", []int{0, 1, 2, 3}}, struct {
		query string
		want  []int
	}{"desc=true&open=true", []int{3, 1}})
	for _, c := range cases {
		for size := 1; size <= 5; size++ {
			q, _ := url.ParseQuery(c.query)
			q.Set("max_count", strconv.Itoa(size))
			forward, last := w.walkFlags(trees, q, "after", "next")
			if diff := cmp.Diff(c.want, forward); diff != "" {
				t.Errorf("%s by %d: -want +got:\n%s", c.query, size, diff)
			}
			if last == "" {
				continue
			}
			q.Set("before", last)
			back, _ := w.walkFlags(trees, q, "before", "prev")
			if want := c.want[:len(c.want)-len(c.want[(len(c.want)-1)/size*size:])]; !slices.Equal(back, want) {
				t.Errorf("%s by %d, backward: %v, want %v", c.query, size, back, want)
			}
		}
	}
}

// walkFlags walks through pages, each put behind or in front of those before,
// and gives the prev of the last one.
func (w *world) walkFlags(trees []string, q url.Values, param, member string) (all []int, last string) {
	w.t.Helper()
	for {
		got := w.must(w.do(ask{method: "GET", path: "/admin/flagged_messages/cursor", query: q}), 200)
		sort, order := got.text("sort_key"), got.text("order")
		switch most := q.Get("sort") == "most_flagged"; {
		case most != (sort == "reports"), (most || q.Get("sort") == "newest" || q.Get("desc") == "true") != (order == "desc"):
			w.t.Errorf("%s: a page is sorted by %s, %s", q.Encode(), sort, order)
		}
		if page := flags(trees, got.at("items")); param == "after" {
			all = append(all, page...)
		} else {
			all = append(page, all...)
		}
		last = got.text("prev")
		key := got.text(member)
		if key == "" {
			return all, last
		}
		q = url.Values{"sort": q["sort"], "open": q["open"], "lang": q["lang"], "desc": q["desc"], "max_count": q["max_count"], param: {key}}
	}
}

// A bare sort key stands for all rows that have it; what is none is refused.
func TestFlaggedMessagesBetweenKeys(t *testing.T) {
	w, _, trees := flagged(t)
	page := func(query url.Values) answer {
		return w.do(ask{method: "GET", path: "/admin/flagged_messages/cursor", query: query})
	}
	far := "9999-12-31T00:00:00Z"
	for key, want := range map[string][]int{"3$" + far: {3, 0}, "2$" + far: {0}, "2147483647$" + far: {1, 2, 3, 0}} {
		got := w.must(page(url.Values{"sort": {"most_flagged"}, "after": {key}}), 200)
		if diff := cmp.Diff(want, flags(trees, got.at("items"))); diff != "" {
			t.Errorf("after %s: -want +got:\n%s", key, diff)
		}
	}
	for _, key := range []string{far, "-1$" + far, "2147483648$" + far, "x$" + far, "3$then", trees[0] + "$" + far, "3"} {
		if got := page(url.Values{"sort": {"most_flagged"}, "after": {key}}); got.status != 400 {
			t.Errorf("after %s: %d %s", key, got.status, got.raw)
		}
	}
	if got := page(url.Values{"sort": {"newest"}, "desc": {"true"}}); got.status != 422 {
		t.Errorf("with both sort and desc: %d %s", got.status, got.raw)
	}
}

// A place that nobody was given is a place, or is refused.
func TestQueuePlaces(t *testing.T) {
	w, ids, _ := flagged(t)
	for text, status := range map[string]int{
		`{"r":9000000000000000000,"t":"2030-01-02T03:04:05.123456789Z","m":"018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"}`: 200,
		`{"r":-1,"t":"0001-01-01T00:00:00Z","m":"00000000-0000-0000-0000-000000000000"}`:                            200,
		`{"r":1.5}`: 422, `[]`: 422, `{`: 422,
	} {
		after := base64.RawURLEncoding.EncodeToString([]byte(text))
		for _, sort := range []string{"most_flagged", "newest"} {
			w.must(w.do(ask{method: "GET", path: "/moderation/queue", query: url.Values{"sort": {sort}, "after": {after}}}), status)
		}
	}
	w.must(w.do(ask{method: "GET", path: "/trollboards/total/" + ids["bob"] + "?after=%21"}), 422)
}
