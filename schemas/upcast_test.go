package schemas

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/domain/tree"
)

// Suppose task.assigned were at its third version: the first called the expiry
// "deadline", and neither it nor the second told the language.
var (
	renamesDeadline = hop{"task.assigned", 1, func(raw []byte) ([]byte, error) {
		return bytes.Replace(raw, []byte(`"deadline":`), []byte(`"expires":`), 1), nil
	}}
	addsLanguage = hop{"task.assigned", 2, func(raw []byte) ([]byte, error) {
		before, after, ok := bytes.Cut(raw, []byte(`"initial_prompt",`))
		if !ok {
			return nil, errors.New("not a prompt task")
		}
		return bytes.Join([][]byte{before, after}, []byte(`"initial_prompt","language":"en",`)), nil
	}}
	third = of(domain.KindTree, 3, taskAssigned)
)

// What stands in a record before and after the version of its schema; the
// payload with its length follows.
const (
	storedBefore = "\x01\x03\x07\x02" + "event-id-16bytes" + "\x29tree/01900000-0000-7000-8000-000000000001" + "\x01" + "\x0dtask.assigned"
	storedAfter  = "\x00" + "\x04rule\x03log" + "command-16-bytes" + "\x00"
)

func TestUpcastersReadOldRecords(t *testing.T) {
	c, err := newCatalogue([]kind{third}, []hop{addsLanguage, renamesDeadline})
	if err != nil {
		t.Fatal(err)
	}
	id, err := domain.ParseID(uuid1)
	if err != nil {
		t.Fatal(err)
	}
	want := domain.Recorded{
		ID: domain.EventID([]byte("event-id-16bytes")), Position: domain.Position{Partition: 3, Seq: 7},
		Stream: domain.TreeStream(domain.TreeID(id)), Version: 1, Actor: domain.ByRule("log"),
		Time: time.UnixMicro(0).UTC(), Command: domain.CommandID([]byte("command-16-bytes")), Epoch: 2,
		Payload: tree.TaskAssigned{
			Task: domain.TaskID(id), Kind: domain.TaskInitialPrompt, Language: "en",
			Expires: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		},
	}
	for version, payload := range map[int]string{
		1: `{"task":"` + uuid1 + `","kind":"initial_prompt","deadline":"2026-01-02T03:04:05.000006Z"}`,
		2: `{"task":"` + uuid1 + `","kind":"initial_prompt","expires":"2026-01-02T03:04:05.000006Z"}`,
		3: `{"task":"` + uuid1 + `","kind":"initial_prompt","language":"en","expires":"2026-01-02T03:04:05.000006Z"}`,
	} {
		stored := appendString([]byte(storedBefore+string(rune(version))+storedAfter), payload)
		before := bytes.Clone(stored)
		got, err := c.decodeRecord(stored)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		want.Schema = version
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("version %d:\n%s", version, diff)
		}
		if !bytes.Equal(stored, before) {
			t.Errorf("version %d: the stored bytes were changed", version)
		}
	}
	_, err = c.decodeRecord(appendString([]byte(storedBefore+"\x02"+storedAfter), `{"task":"`+uuid1+`"}`))
	if err == nil || !strings.Contains(err.Error(), "from version 2 to 3: not a prompt task") {
		t.Errorf("an upcaster's error became %v", err)
	}
	for _, version := range []string{"\x00", "\x04"} {
		if r, err := c.decodeRecord(appendString([]byte(storedBefore+version+storedAfter), `{}`)); err == nil {
			t.Errorf("version %q was read as %+v", version, r)
		}
	}
}

func TestCatalogueRefusesChainsWithGaps(t *testing.T) {
	at := func(h hop, from int) hop { h.From = from; return h }
	for name, c := range map[string]struct {
		kinds []kind
		hops  []hop
		want  string
	}{
		"first missing":  {[]kind{third}, []hop{addsLanguage}, "no upcaster leads task.assigned from version 1 to 2"},
		"second missing": {[]kind{third}, []hop{renamesDeadline}, "no upcaster leads task.assigned from version 2 to 3"},
		"two of one":     {[]kind{third}, []hop{renamesDeadline, addsLanguage, renamesDeadline}, "two upcasters of task.assigned start at version 1"},
		"from nothing":   {[]kind{third}, []hop{at(renamesDeadline, 0)}, "starts at version 0"},
		"beyond":         {[]kind{third}, []hop{renamesDeadline, addsLanguage, at(addsLanguage, 3)}, "starts at version 3"},
		"unknown type":   {[]kind{third}, []hop{{"task.forgotten", 1, renamesDeadline.Up}}, "unknown event type task.forgotten"},
		"type twice":     {[]kind{third, third}, nil, "listed twice"},
	} {
		if _, err := newCatalogue(c.kinds, c.hops); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, not %q", name, err, c.want)
		}
	}
}
