package reactions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

// Classifier lets a service outside score texts as they are posted and edited:
// POST {"message_id", "text", "lang"}, answered with {"model", "scores": {NAME:
// NUMBER}}. The scores go into the log as message.scored; they decide nothing.
type Classifier struct {
	URL string
	// Texts gives texts as they are now. When nil the event's own text is
	// scored, and "lang" is left out for edited ones, whose events do not name it.
	Texts Texts
	// Since leaves out older events.
	Since time.Time
	// Within bounds one request and its command. Default 30 s.
	Within time.Duration
}

// Texts gives a message's text and language as of the position or later; found
// is false when it is deleted by now, or should not be scored for another
// reason.
type Texts interface {
	Text(ctx context.Context, id domain.MessageID, at domain.Position) (text, lang string, found bool, err error)
}

// Bounds on what a classifier may answer.
const (
	maxScores    = 100
	maxScoreName = 64  // bytes
	maxModelName = 100 // bytes
)

func (x *Reactions) classifierHandler() (*handler, error) {
	p, err := newPoster(x.c.Classifier.URL)
	if err != nil {
		return nil, fmt.Errorf("classifier: %w", err)
	}
	x.closers = append(x.closers, p.close)
	return &handler{
		name: "classifier", follows: []domain.EventType{"message.posted", "message.edited"},
		within: orDefault(x.c.Classifier.Within, 30*time.Second),
		do:     func(ctx context.Context, r *domain.Recorded) error { return x.classify(ctx, p, r) },
	}, nil
}

// question is what the service is asked.
type question struct {
	Message domain.MessageID `json:"message_id"`
	Text    string           `json:"text"`
	Lang    string           `json:"lang,omitempty"`
}

func (x *Reactions) classify(ctx context.Context, p *poster, r *domain.Recorded) error {
	if r.Time.Before(x.c.Classifier.Since) {
		return nil
	}
	q, found, err := x.questionOf(ctx, r)
	if err != nil || !found {
		return err
	}
	body, err := json.Marshal(q)
	if err != nil {
		return permanentError{err}
	}
	raw, err := p.post(ctx, body, http.Header{})
	if err != nil {
		return err
	}
	model, scores, err := readScores(raw)
	if err != nil {
		return fmt.Errorf("the classifier's answer is of no use: %w", err)
	}
	return x.send(ctx, commands.Command{
		ID:    domain.CommandID(domain.Derive(domain.CommandID(r.ID), "classifier", 0)),
		Actor: domain.ByRule("classifier"), Cause: r.ID,
		Body: commands.OnTree{Do: tree.RecordScores{Message: q.Message, Model: model, Scores: scores}},
	})
}

func (x *Reactions) questionOf(ctx context.Context, r *domain.Recorded) (q question, found bool, err error) {
	switch e := r.Payload.(type) {
	case tree.MessagePosted:
		q = question{e.Message, e.Text, e.Language}
	case tree.MessageEdited:
		q = question{e.Message, e.Text, ""}
	default:
		return q, false, forGood("%s has no text", r.Payload.Type())
	}
	if x.c.Classifier.Texts == nil {
		return q, true, nil
	}
	q.Text, q.Lang, found, err = x.c.Classifier.Texts.Text(ctx, q.Message, r.Position)
	if err != nil {
		err = busyError{err}
	}
	return q, found, err
}

// errNoScores tells nothing of the answer, which may repeat the text.
var errNoScores = errors.New(`it is not JSON of the form {"model": NAME, "scores": {NAME: NUMBER}}`)

// readScores reads the service's answer: figures as decimals, by name.
func readScores(raw []byte) (model string, scores []tree.Score, err error) {
	var a struct {
		Model  string                     `json:"model"`
		Scores map[string]decimal.Decimal `json:"scores"`
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	if err := in.Decode(&a); err != nil {
		return "", nil, errNoScores
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return "", nil, errNoScores
	}
	switch {
	case a.Model == "" || len(a.Model) > maxModelName || !utf8.ValidString(a.Model):
		return "", nil, fmt.Errorf("its model needs a name of 1 to %d bytes", maxModelName)
	case len(a.Scores) == 0 || len(a.Scores) > maxScores:
		return "", nil, fmt.Errorf("it has %d scores, not 1 to %d", len(a.Scores), maxScores)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Scores)) {
		if name == "" || len(name) > maxScoreName || !utf8.ValidString(name) {
			return "", nil, fmt.Errorf("a score needs a name of 1 to %d bytes", maxScoreName)
		}
		scores = append(scores, tree.Score{Name: name, Value: a.Scores[name]})
	}
	return a.Model, scores, nil
}
