package reactions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

func TestClassifierScoresTexts(t *testing.T) {
	const answer = `{"model":"detoxify","scores":{"toxicity":0.1000000000000000055511151231257827,"insult":1e-3,"fun":1},"took":0.3}`
	in := newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
	d := newDiary(t, 1)
	m := domain.MessageID{15: 3}
	posted := d.put(0, "tree/00000000-0000-0000-0000-000000000003", tree.MessagePosted{Message: m, Role: domain.Prompter, Text: "Grüße", Language: "de"})
	edited := d.put(0, "tree/00000000-0000-0000-0000-000000000003", tree.MessageEdited{Message: m, Text: "Hallo", Revision: 1})
	engine := &clerk{}
	x := newReactions(t, d, t.TempDir(), nil, func(c *Config) {
		quick(c)
		c.Engine, c.Classifier = engine, &Classifier{URL: in.URL}
	})
	stop := started(t, x)
	eventually(t, "two commands", func() bool { return len(engine.log()) == 2 })
	stop()
	want := []string{
		`{"message_id":"00000000-0000-0000-0000-000000000003","text":"Grüße","lang":"de"}`,
		`{"message_id":"00000000-0000-0000-0000-000000000003","text":"Hallo"}`,
	}
	if diff := cmp.Diff(want, in.got()); diff != "" {
		t.Errorf("asked, -want +got:\n%s", diff)
	}
	scores := tree.RecordScores{Message: m, Model: "detoxify", Scores: []tree.Score{
		{Name: "fun", Value: decimal.Int(1)}, {Name: "insult", Value: decimal.MustParse("0.001")},
		{Name: "toxicity", Value: decimal.MustParse("0.1000000000000000055511151231257827")},
	}}
	for i, of := range []domain.Recorded{posted, edited} {
		want := commands.Command{
			ID: domain.CommandID(domain.Derive(domain.CommandID(of.ID), "classifier", 0)), Actor: domain.ByRule("classifier"),
			Cause: of.ID, Body: commands.OnTree{Do: scores},
		}
		if diff := cmp.Diff(want, engine.log()[i]); diff != "" {
			t.Errorf("command %d, -want +got:\n%s", i, diff)
		}
	}
}

func TestClassifierAnswersOfNoUse(t *testing.T) {
	many := map[string]int{}
	for i := range maxScores + 1 {
		many[fmt.Sprint(i)] = i
	}
	tooMany, err := json.Marshal(map[string]any{"model": "m", "scores": many})
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{
		``, `null`, `[]`, `"scores"`, `{}`, `<html>`, `{"model":"m"}`, `{"model":"m","scores":{}}`, `{"scores":{"a":1}}`,
		`{"model":"m","scores":{"a":"1"}}`, `{"model":"m","scores":{"a":null}}`, `{"model":"m","scores":{"a":NaN}}`,
		`{"model":"m","scores":{"a":1e999}}`, `{"model":"m","scores":{"a":{}}}`, `{"model":"m","scores":[1]}`, `{"model":"m","scores":{"":1}}`,
		`{"model":"m","scores":{"a":1}} {}`, `{"model":"m","scores":{"a":1}`, `{"model":7,"scores":{"a":1}}`,
		`{"model":"` + strings.Repeat("m", maxModelName+1) + `","scores":{"a":1}}`,
		`{"model":"m","scores":{"` + strings.Repeat("a", maxScoreName+1) + `":1}}`, string(tooMany),
	} {
		if model, scores, err := readScores([]byte(raw)); err == nil {
			t.Errorf("%s is taken for %s %v", clip(raw, 80), model, scores)
		}
	}
}

// A service that answers garbage is asked again, and its messages are kept
// aside; those behind are scored.
func TestClassifierThatTalksNonsense(t *testing.T) {
	in := newReceiver(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n <= 4 { // three tries for the first, one for the second
			fmt.Fprint(w, "I am a teapot")
			return
		}
		fmt.Fprint(w, `{"model":"m","scores":{"a":0.5}}`)
	})
	d := newDiary(t, 1)
	for i := range byte(2) {
		d.put(0, "tree/00000000-0000-0000-0000-000000000003", tree.MessagePosted{Message: domain.MessageID{15: i}, Role: domain.Prompter, Text: "x"})
	}
	engine := &clerk{}
	x := newReactions(t, d, t.TempDir(), nil, func(c *Config) {
		quick(c)
		c.Engine, c.Classifier = engine, &Classifier{URL: in.URL}
	})
	stop := started(t, x)
	eventually(t, "a command", func() bool { return len(engine.log()) == 1 })
	stop()
	if list := x.poison.List(); len(list) != 1 || list[0].ID != "classifier@0/2" || !strings.HasPrefix(list[0].Error, "the classifier's answer is of no use") || strings.Contains(list[0].Error, "teapot") {
		t.Errorf("kept aside: %+v", list)
	}
}

// library is Texts of one message.
type library struct {
	text, lang string
	found      bool
	err        error
}

func (l library) Text(context.Context, domain.MessageID, domain.Position) (string, string, bool, error) {
	return l.text, l.lang, l.found, l.err
}

func TestClassifierAsksForTheTextOfNow(t *testing.T) {
	in := newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"model":"m","scores":{"a":0.5}}`)
	})
	d := newDiary(t, 1)
	r := d.put(0, "tree/00000000-0000-0000-0000-000000000003", tree.MessageEdited{Message: domain.MessageID{15: 1}, Text: "old", Revision: 1})
	for _, c := range []struct {
		of    library
		asked int
		busy  bool
	}{
		{library{found: false}, 0, false},
		{library{err: errors.New("the view is behind")}, 0, true},
		{library{text: "new", lang: "en", found: true}, 1, false},
	} {
		x := newReactions(t, d, t.TempDir(), nil, func(cfg *Config) { cfg.Classifier = &Classifier{URL: in.URL, Texts: c.of} })
		if err := x.handlers[0].do(t.Context(), &r); isBusy(err) != c.busy || err != nil && !c.busy {
			t.Errorf("%+v: %v", c.of, err)
		}
		if len(in.got()) != c.asked {
			t.Errorf("%+v: asked %d times", c.of, len(in.got()))
		}
	}
	if want := `{"message_id":"00000000-0000-0000-0000-000000000001","text":"new","lang":"en"}`; in.got()[0] != want {
		t.Errorf("asked %s, want %s", in.got()[0], want)
	}
}
