package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dendro/domain"
	"dendro/projections/audit"
)

// toldTrail is an audit trail as the API gives it.
type toldTrail struct {
	Subject   string         `json:"subject"`
	Events    []toldEvent    `json:"events"`
	Truncated bool           `json:"truncated"`
	Verdict   *audit.Verdict `json:"verdict"`
	Standing  *toldStanding  `json:"standing"`
}

// toldEvent is an event as the API gives it.
type toldEvent struct {
	Type   string          `json:"type"`
	Time   time.Time       `json:"time"`
	Stream string          `json:"stream"`
	Actor  string          `json:"actor"`
	Cause  string          `json:"cause"`
	ID     string          `json:"id"`
	Data   json.RawMessage `json:"data"`
}

// toldStanding is an account's standing as the API gives it.
type toldStanding struct {
	Disabled   bool                  `json:"disabled"`
	Discounted bool                  `json:"discounted"`
	Erased     bool                  `json:"erased"`
	Reason     string                `json:"reason"`
	Terms      string                `json:"terms"`
	MergedInto *domain.ContributorID `json:"merged_into"`
}

// seconds is how times are told.
const seconds = "2006-01-02 15:04:05"

// tellTrail prints an audit trail for people.
func tellTrail(t *teller, body []byte) error {
	var trail toldTrail
	if err := json.Unmarshal(body, &trail); err != nil {
		return err
	}
	t.title(trail.Subject)
	switch {
	case trail.Verdict != nil:
		tellVerdict(t, trail.Verdict)
	case trail.Standing != nil:
		t.say("%s\n", standingWords(t, trail.Standing))
	case strings.HasPrefix(trail.Subject, "moderator/"):
		t.say("%s\n", actsWords(trail.Events, trail.Truncated))
	}
	if trail.Truncated {
		t.say("%s", t.faint("older events are left out; see --max"))
	}
	if len(trail.Events) == 0 {
		t.say("nothing")
	}
	tellEvents(t, &trail)
	return nil
}

// tellEvents prints the chain, the oldest first.
func tellEvents(t *teller, trail *toldTrail) {
	var table table
	streams, numbers := map[string]bool{}, map[string]int{}
	for _, e := range trail.Events {
		streams[e.Stream] = true
	}
	for i, e := range trail.Events {
		numbers[e.ID] = i + 1
		cells := []string{fmt.Sprintf("%4d", i+1), t.faint(e.Time.UTC().Format(seconds)), e.Type, shortActor(e.Actor)}
		if len(streams) > 1 || strings.HasPrefix(trail.Subject, "moderator/") {
			cells = append(cells, shortActor(strings.Replace(e.Stream, "/", ":", 1)))
		}
		words := eventWords(e.Type, e.Data, e.Actor, trail.Subject, e.Stream)
		if n := numbers[e.Cause]; n > 0 {
			words += t.faint(fmt.Sprintf("  (follows from %d)", n))
		}
		table = append(table, append(cells, words))
	}
	table.tell(t)
}

// tellVerdict prints what is in, because of what, and what that rests on.
func tellVerdict(t *teller, v *audit.Verdict) {
	word := func(in bool, variant string) string {
		if in {
			return t.good("IN") + " " + variant
		}
		return t.bad("OUT") + " of " + variant
	}
	var because []string
	for _, r := range v.Reasons {
		if r.Holds == v.Ready { // ready asks for everything
			because = append(because, shortIDs(r.Text))
		}
	}
	t.say("%s, %s, because %s", word(v.Ready, "ready"), word(v.All, "all"), cmp.Or(strings.Join(because, "; "), "nothing is known of it"))
	if n := v.Messages; n != nil {
		t.say("of its %s messages %s are in ready, %s in all", grouped(n.Posted), grouped(n.Ready), grouped(n.All))
	}
	t.say("")
	var table table
	for _, r := range v.Reasons {
		mark := t.good("✓")
		if !r.Holds {
			mark = t.bad("✗")
		}
		table = append(table, deedCells(t, "  "+mark+" ", r.Text, &r.Deed))
		for _, g := range r.Grounds {
			table = append(table, deedCells(t, "      "+groundMark(&g)+" ", g.Text, &g.Deed))
		}
	}
	table.tell(t)
	t.say("")
}

// groundMark tells of reviews whether they count.
func groundMark(g *audit.Ground) string {
	switch {
	case g.Kind != audit.GroundReview:
		return "·"
	case g.Counts:
		return "+"
	}
	return "–"
}

func deedCells(t *teller, mark, text string, d *audit.Deed) []string {
	text = mark + shortIDs(text)
	if d.Stated != "" {
		text += fmt.Sprintf(": %q", clip(d.Stated, 60))
	}
	if d.Event == nil {
		return []string{text}
	}
	when, err := time.Parse(time.RFC3339Nano, d.Time)
	if err != nil {
		return []string{text, d.Time, shortActor(d.Actor), d.At}
	}
	return []string{text, t.faint(when.UTC().Format(seconds)), shortActor(d.Actor), t.faint("event " + d.At)}
}

func standingWords(t *teller, s *toldStanding) string {
	var out []string
	switch {
	case s.Erased:
		out = append(out, t.bad("ERASED"))
	case s.Disabled:
		out = append(out, t.bad("DISABLED"))
	default:
		out = append(out, t.good("ENABLED"))
	}
	if s.Discounted {
		out = append(out, "the votes given count no longer")
	}
	if s.MergedInto != nil {
		out = append(out, fmt.Sprintf("merged into %s", s.MergedInto))
	}
	if s.Terms == "" {
		out = append(out, "accepted no terms")
	} else {
		out = append(out, fmt.Sprintf("accepted the terms %s", s.Terms))
	}
	if s.Reason != "" {
		out = append(out, fmt.Sprintf("because %q", s.Reason))
	}
	return strings.Join(out, ", ")
}

// actsWords counts acts by type.
func actsWords(events []toldEvent, truncated bool) string {
	n := map[string]int{}
	var types []string
	for _, e := range events {
		if n[e.Type]++; n[e.Type] == 1 {
			types = append(types, e.Type)
		}
	}
	slices.SortStableFunc(types, func(a, b string) int { return n[b] - n[a] })
	for i, name := range types {
		types[i] = fmt.Sprint(name, " ", grouped(n[name]))
	}
	if len(types) == 0 {
		return "did nothing as a moderator"
	}
	which := "acts"
	if truncated {
		which = "newest acts"
	}
	return fmt.Sprintf("%s %s: %s", grouped(len(events)), which, strings.Join(types, ", "))
}

// table is lines of cells. The last cell of a line has no width.
type table [][]string

// widest is as far as one cell pushes the next ones away.
const widest = 90

func (x table) tell(t *teller) {
	widths := map[int]int{}
	for _, line := range x {
		for i, cell := range line[:len(line)-1] {
			widths[i] = max(widths[i], min(shown(cell), widest))
		}
	}
	for _, line := range x {
		var out strings.Builder
		for i, cell := range line {
			if out.WriteString(cell); i < len(line)-1 {
				out.WriteString(strings.Repeat(" ", max(0, widths[i]-shown(cell))+2))
			}
		}
		t.say("%s", strings.TrimRight(out.String(), " "))
	}
}

var (
	paints = regexp.MustCompile("\x1b\\[[0-9;]*m")
	uuids  = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// shown is how many characters of a text are seen.
func shown(text string) int { return utf8.RuneCountInString(paints.ReplaceAllString(text, "")) }

// shortIDs cuts the ids in a text.
func shortIDs(text string) string {
	return uuids.ReplaceAllStringFunc(text, func(id string) string { return fmt.Sprint(shortID(id)) })
}

// shortActor cuts the id of who acted.
func shortActor(actor string) string {
	kind, id, _ := strings.Cut(actor, ":")
	return fmt.Sprint(kind, " ", shortID(id))
}

// eventWords says in a few words what an event's data holds; not what the
// reader knows already: the actor, and ids that are in the names of known.
func eventWords(kind string, data json.RawMessage, actor string, known ...string) string {
	var d map[string]any
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	if in.Decode(&d) != nil {
		return ""
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch kind {
	case "tree.state_changed":
		add("%v → %v", d["from"], d["to"])
	case "message.accepted", "message.rejected":
		add("%v reviews, score %v", d["reviews"], d["score"])
	case "message.posted", "message.edited":
		text := fmt.Sprintf("%q", clip(fmt.Sprint(d["text"]), 70))
		if id := fmt.Sprint(d["message"]); !knows(known, id) {
			text = fmt.Sprintf("%v: %s", shortID(id), text)
		}
		add("%s", text)
	case "message.deleted", "message.restored":
		if list, ok := d["messages"].([]any); ok {
			text := fmt.Sprint(shortID(d["message"]))
			if len(list) > 1 {
				text += fmt.Sprintf(" and %d below it", len(list)-1)
			}
			add("%s", text)
		}
	case "labels.submitted":
		if d["task"] == nil {
			add("freely")
		}
		add("%s", labelText(d["labels"]))
	case "ranking.submitted":
		add("%s", orderText(d["order"]))
	case "replies.ranked":
		if list, ok := d["ballots"].([]any); ok {
			add("%d ballots: %s", len(list), orderText(rankedIDs(d["replies"], d["order"])))
		}
	default:
		parts = append(parts, plainFields(d, append(known, actor))...)
	}
	for _, key := range []string{"reason", "rule"} {
		if text, ok := d[key].(string); ok && text != "" && actor != "rule:"+text {
			add("%s: %s", key, clip(text, 80))
		}
	}
	return strings.Join(parts, "; ")
}

// knows reports whether one of the names ends with the id.
func knows(names []string, id string) bool {
	return len(id) == 36 && slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, id) })
}

// plainFields gives the members that are words or numbers, ids short and without
// those in known.
func plainFields(d map[string]any, known []string) (out []string) {
	for key, v := range d {
		switch v := v.(type) {
		case string:
			if key != "reason" && key != "rule" && !knows(known, v) {
				out = append(out, key+" "+clip(fmt.Sprint(shortID(v)), 40))
			}
		case json.Number, bool:
			out = append(out, fmt.Sprint(key, " ", v))
		}
	}
	slices.Sort(out)
	return out
}

// shortID cuts ids, and leaves other texts as they are.
func shortID(v any) any {
	if text, ok := v.(string); ok && len(text) == 36 && strings.Count(text, "-") == 4 {
		return text[:4] + "…" + text[28:]
	}
	return v
}

func labelText(v any) string {
	labels, _ := v.(map[string]any)
	var out []string
	for name, value := range labels {
		out = append(out, fmt.Sprint(name, " ", value))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// rankedIDs gives the replies that the indexes mean.
func rankedIDs(replies, order any) any {
	ids, _ := replies.([]any)
	places, _ := order.([]any)
	out := make([]any, 0, len(places))
	for _, place := range places {
		number, _ := place.(json.Number)
		if i, err := number.Int64(); err == nil && i >= 0 && i < int64(len(ids)) {
			out = append(out, ids[i])
		}
	}
	return out
}

func orderText(v any) string {
	order, ok := v.([]any)
	if !ok || len(order) == 0 {
		return "not rankable"
	}
	ids := make([]string, len(order))
	for i, id := range order {
		ids[i] = fmt.Sprint(shortID(id))
	}
	return strings.Join(ids, " > ")
}
