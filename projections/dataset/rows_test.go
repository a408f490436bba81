package dataset_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/dataset"
)

const published = "../../../shared/data/oasst1_en_sample.messages.jsonl"

// What is published, once imported, comes out again field by field.
func TestPublishedRowsComeBack(t *testing.T) {
	file, err := os.Open(published)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	trees := map[domain.TreeID]*tree.Imported{}
	rows := map[domain.MessageID]dataset.Row{}
	for row, err := range dataset.ReadRows(file) {
		if err != nil {
			t.Fatal(err)
		}
		rows[row.Message] = row
		e := trees[*row.Tree]
		if e == nil {
			e = &tree.Imported{Language: row.Lang, State: *row.State}
			trees[*row.Tree] = e
		}
		e.Messages = append(e.Messages, imported(row))
	}
	fold := dataset.New()
	for id, e := range trees {
		e.Messages = parentsFirst(e.Messages)
		fold.Apply(domain.Recorded{Stream: domain.TreeStream(id), Payload: *e})
	}
	back := 0
	for row, err := range dataset.ReadRows(strings.NewReader(write(everything, fold))) {
		if err != nil {
			t.Fatal(err)
		}
		back++
		want := rows[row.Message]
		for _, d := range dataset.Compare(row, want) {
			t.Errorf("line %d, message %s: %s", want.Line, row.Message, d)
		}
		if a, b := fmt.Sprint(row.Scores, *row.Synthetic, row.Tree), fmt.Sprint(want.Scores, *want.Synthetic, want.Tree); a != b {
			t.Errorf("line %d: %s, want %s", want.Line, a, b)
		}
		if t.Failed() {
			return
		}
	}
	// One message of the sample has a parent that is not in it.
	if len(rows) != 1030 || back != len(rows)-1 {
		t.Errorf("%d rows came back as %d", len(rows), back)
	}
}

func imported(row dataset.Row) tree.ImportedMessage {
	m := tree.ImportedMessage{
		Message: row.Message, Role: row.Role, Text: row.Text, Language: row.Lang,
		Emojis: row.Emojis, Labels: row.Labels, Scores: row.Scores,
	}
	set(&m.Parent, row.Parent)
	set(&m.Contributor, row.User)
	set(&m.Created, row.Created)
	set(&m.ReviewCount, row.ReviewCount)
	set(&m.Deleted, row.Deleted)
	set(&m.Synthetic, row.Synthetic)
	set(&m.Model, row.Model)
	set(&m.Rank, row.Rank)
	m.Ranked = row.Rank != nil
	if row.ReviewResult != nil {
		m.Result = map[bool]tree.Result{true: tree.Accepted, false: tree.Rejected}[*row.ReviewResult]
	}
	return m
}

func set[T any](field *T, v *T) {
	if v != nil {
		*field = *v
	}
}

func parentsFirst(messages []tree.ImportedMessage) (out []tree.ImportedMessage) {
	var under func(parent domain.MessageID)
	under = func(parent domain.MessageID) {
		for _, m := range messages {
			if m.Parent == parent {
				out = append(out, m)
				under(m.Message)
			}
		}
	}
	under(domain.MessageID{})
	return out
}

const (
	rowHead = `{"message_id":"e0cf4fa2-e944-44fb-b502-11f155062092","text":"t","role":"prompter"`
	rowID   = `"message_id":"e0cf4fa2-e944-44fb-b502-11f155062092"`
)

func TestBothShapesAreOneRow(t *testing.T) {
	ours := rowHead + `,"emojis":{"+1":3,"zap":1},"labels":{"quality":{"value":0.3333333333333333,"count":3},"spam":{"value":0,"count":3}},"detoxify":{"obscene":1e-05}}`
	theirs := rowHead + `,"parent_id":null,"rank":null,"emojis":{"name":["zap","+1"],"count":[1,3]},` +
		`"labels":{"name":["spam","quality"],"value":[0.0,0.33333333333333330],"count":[3,3]},"detoxify":{"obscene":0.00001,"threat":null},"extra":[1]}`
	var rows []dataset.Row
	for row, err := range dataset.ReadRows(strings.NewReader(ours + "\n\n" + theirs)) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if len(rows) != 2 || rows[0].Line != 1 || rows[1].Line != 3 {
		t.Fatalf("read %+v", rows)
	}
	rows[1].Line = rows[0].Line
	if a, b := fmt.Sprintf("%+v", rows[0]), fmt.Sprintf("%+v", rows[1]); a != b {
		t.Errorf("ours\n%s\ntheirs\n%s", a, b)
	}
}

// A line that is no row is named with its number and reason, and does not hide
// the next one.
func TestBadRows(t *testing.T) {
	long := rowHead + `,"x":"` + strings.Repeat("x", dataset.MaxRow) + `"}`
	for bad, want := range map[string]string{
		`nonsense`:                                                "not JSON",
		rowHead:                                                   "not JSON",
		`[1]`:                                                     "not a JSON object",
		`{"text":"t","role":"prompter"}`:                          "message_id is missing",
		`{"message_id":"e0cf4fa2","text":"t"}`:                    "not a UUID",
		`{` + rowID + `,"role":"prompter"}`:                       "text is missing",
		`{` + rowID + `,"text":"t","role":"x"}`:                   "role is neither",
		rowHead + `,"text":7}`:                                    "text can't be a number",
		rowHead + `,"created_date":"tomorrow"}`:                   `created_date "tomorrow"`,
		rowHead + `,"rank":-1}`:                                   "rank is negative",
		rowHead + `,"review_count":-1}`:                           "review_count is negative",
		rowHead + `,"review_count":1.5}`:                          "review_count can't be a number 1.5",
		rowHead + `,"emojis":{"+1":-1}}`:                          `emojis: "+1": the count -1`,
		rowHead + `,"emojis":{"name":["+1"],"count":[]}}`:         "different lengths",
		rowHead + `,"emojis":{"name":["+1","+1"],"count":[1,1]}}`: "twice",
		rowHead + `,"emojis":[1]}`:                                "emojis: not a JSON object",
		rowHead + `,"labels":{"spam":{"value":1.5,"count":1}}}`:   "not in [0, 1]",
		rowHead + `,"labels":{"spam":{"count":1}}}`:               "lacks its value",
		rowHead + `,"labels":{"name":["spam"],"value":[0],"count":[2147483648]}}`: "the count 2147483648",
		rowHead + `,"labels":{"name":["spam"],"value":["NaN"],"count":[1]}}`:      "labels: ",
		rowHead + `,"detoxify":{"threat":1e-99}}`:                                 "more than 40 digits",
		rowHead + ",\"lang\":\"\xff\"}":                                           "not UTF-8",
		long:                                                                      "longer than",
	} {
		var rows []dataset.Row
		var errs []error
		for row, err := range dataset.ReadRows(strings.NewReader(rowHead + "}\n" + bad + "\n" + rowHead + "}\n")) {
			if err != nil {
				errs = append(errs, err)
			} else {
				rows = append(rows, row)
			}
		}
		var bad *dataset.RowError
		if len(rows) != 2 || rows[1].Line != 3 || len(errs) != 1 || !errors.As(errs[0], &bad) || bad.Line != 2 || !strings.Contains(bad.Error(), want) {
			t.Errorf("want %q for line 2; got %.200v and %d rows", want, errs, len(rows))
		}
	}
}

// A line of any length takes a bounded amount of memory.
func TestLongLinesAreNotKept(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	line := io.LimitReader(endless{}, 32*dataset.MaxRow)
	for _, err := range dataset.ReadRows(line) {
		if err == nil || !strings.Contains(err.Error(), "longer than") {
			t.Errorf("got %v", err)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16*dataset.MaxRow {
		t.Errorf("%d bytes were allocated", used)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestReaderErrorsEndTheRows(t *testing.T) {
	broken := errors.New("the disk is gone")
	in := io.MultiReader(strings.NewReader(rowHead+"}\n{"), iotest.ErrReader(broken))
	n := 0
	for _, err := range dataset.ReadRows(in) {
		if n++; n == 2 && (!errors.Is(err, broken) || !strings.Contains(err.Error(), "line 2")) {
			t.Errorf("got %v", err)
		}
	}
	if n != 2 {
		t.Errorf("yielded %d times", n)
	}
}

// Every field that differs is named, and none that does not.
func TestCompareNamesWhatDiffers(t *testing.T) {
	read := func(line string) dataset.Row {
		for row, err := range dataset.ReadRows(strings.NewReader(line)) {
			if err != nil {
				t.Fatal(err)
			}
			return row
		}
		return dataset.Row{}
	}
	full := func(tail string) dataset.Row {
		return read(`{` + rowID + tail + `}`)
	}
	a := full(`,"text":"a","role":"prompter","lang":"en","user_id":"e0cf4fa2-e944-44fb-b502-11f155062092","created_date":"2023-02-07T17:29:24.7274+00:00","review_count":3,"review_result":true,"deleted":false,"emojis":{"+1":1,"-1":2},"labels":{"spam":{"value":0.333333333,"count":3},"humor":{"value":1,"count":1}},"tree_state":"growing"`)
	b := full(`,"text":"b","role":"assistant","lang":"de","parent_id":"e0cf4fa2-e944-44fb-b502-11f155062092","created_date":"2023-02-07T18:29:24.727401+01:00","review_count":4,"rank":0,"deleted":true,"emojis":{"-1":3,"zap":1},"labels":{"spam":{"value":0.3333333341,"count":3},"quality":{"value":1,"count":1},"humor":{"value":1,"count":2}},"tree_state":"ranking"`)
	var got []string
	for _, d := range dataset.Compare(a, b) {
		got = append(got, d.String())
	}
	want := `parent_id: –, want e0cf4fa2-e944-44fb-b502-11f155062092
user_id: e0cf4fa2-e944-44fb-b502-11f155062092, want –
created_date: 2023-02-07T17:29:24.727400+00:00, want 2023-02-07T17:29:24.727401+00:00
text: "a", want "b"
role: prompter, want assistant
lang: en, want de
review_count: 3, want 4
review_result: true, want –
deleted: false, want true
rank: –, want 0
emojis.+1: 1, want –
emojis.-1: 2, want 3
emojis.zap: –, want 1
labels.spam: 0.333333333 of 3, want 0.3333333341 of 3
labels.quality: –, want 1 of 1
labels.humor: 1 of 1, want 1 of 2
tree_state: growing, want ranking`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	b = a
	b.Labels = []tree.LabelMean{{Label: "spam", Mean: dec("0.3333333339"), Count: 3}, a.Labels[1]}
	at := a.Created.In(time.FixedZone("", 3600))
	b.Created = &at
	if d := dataset.Compare(a, b); len(d) != 0 {
		t.Errorf("the zone of a time and a mean within 1e-9 make a difference: %v", d)
	}
}

func FuzzReadRows(f *testing.F) {
	f.Add([]byte(rowHead + `,"emojis":{"+1":3},"labels":{"spam":{"value":0.5,"count":3}},"detoxify":{"threat":2.6e-05},"review_count":2}`))
	f.Add([]byte(rowHead + `,"emojis":{"name":["+1"],"count":[3]},"labels":{"name":["spam"],"value":[1e-1],"count":[3]}}` + "\n\nx\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		line := 0
		for row, err := range dataset.ReadRows(strings.NewReader(string(text))) {
			if err != nil {
				continue
			}
			if row.Line <= line {
				t.Fatalf("line %d comes after line %d", row.Line, line)
			}
			line = row.Line
			roundTrip(t, row)
		}
	})
}

// roundTrip imports a row as a prompt, and wants it back.
func roundTrip(t *testing.T, row dataset.Row) {
	m := imported(row)
	m.Parent = domain.MessageID{}
	stream := domain.TreeStream(domain.TreeID(m.Message))
	fold := dataset.New()
	fold.Apply(domain.Recorded{Stream: stream, Payload: tree.Imported{Messages: []tree.ImportedMessage{m}}})
	text := write(everything, fold)
	if !json.Valid([]byte(text)) {
		t.Fatalf("wrote %q", text)
	}
	for back, err := range dataset.ReadRows(strings.NewReader(text)) {
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		for _, d := range dataset.Compare(back, row) {
			if !lostByDesign(d.Field, row) {
				t.Fatalf("%s; wrote %s", d, text)
			}
		}
	}
}

// lostByDesign tells the fields that an import fills in or an export leaves
// out: defaults, zero counts, and rejections by fewer than three reviews.
func lostByDesign(field string, row dataset.Row) bool {
	switch field {
	case "review_result":
		return row.ReviewCount == nil || *row.ReviewCount <= 2
	case "review_count":
		return row.ReviewCount == nil
	case "deleted":
		return row.Deleted == nil
	case "created_date":
		return row.Created == nil || row.Created.Year() < 1 || row.Created.Year() > 9999
	case "user_id":
		return row.User != nil && row.User.IsZero()
	case "parent_id", "tree_state":
		return true
	}
	for _, e := range row.Emojis {
		if e.Count == 0 && field == "emojis."+string(e.Emoji) {
			return true
		}
	}
	for _, l := range row.Labels {
		if l.Count == 0 && field == "labels."+string(l.Label) {
			return true
		}
	}
	return false
}

// Whatever a string holds, JSON readers get it back, on one line and without
// needless escapes.
func TestStringsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		text := dataset.AppendString(nil, s)
		var back string
		if err := json.Unmarshal(text, &back); err != nil || back != s {
			t.Fatalf("%q became %s, and back %q, %v", s, text, back, err)
		}
		if strings.ContainsAny(string(text), "\n\r") {
			t.Fatalf("%q became %q", s, text)
		}
	})
	if got := string(dataset.AppendString(nil, "<&>\u2028/é\x00\x1f\x7f\b\f\n\r\t\"\\\xff")); got != "\"<&>\u2028/é\\u0000\\u001f\x7f\\b\\f\\n\\r\\t\\\"\\\\\uFFFD\"" {
		t.Errorf("the fixed form is %s", got)
	}
}
