package peer

import (
	"encoding/json"
	"fmt"

	"dendro/commands"
	"dendro/domain"
	"dendro/schemas"
)

// Bounds of what travels, in bytes. Larger commands and answers are refused:
// the log takes no such event either.
const (
	maxRequest = 16 << 20
	maxAnswer  = 64 << 20
)

// wireCommand is a request that runs a command.
type wireCommand struct {
	Partition domain.Partition `json:"partition"`
	ID        domain.CommandID `json:"id"`
	Actor     domain.Actor     `json:"actor"`
	Cause     domain.EventID   `json:"cause,omitzero"`
	Kind      string           `json:"kind"`
	On        target           `json:"on,omitzero"`
	Args      json.RawMessage  `json:"args"`
}

func encodeCommand(p domain.Partition, c commands.Command) ([]byte, error) {
	w := wireCommand{Partition: p, ID: c.ID, Actor: c.Actor, Cause: c.Cause}
	var args any = c.Body // of a request for a task
	switch b := c.Body.(type) {
	case commands.OnTree:
		args, w.On.Tree = b.Do, b.Tree
	case commands.OnContributor:
		args, w.On.Contributor = b.Do, b.Contributor
	case commands.OnCampaign:
		args = b.Do
	case commands.OnPool:
		args, w.On.Pool = b.Do, b.Pool
	}
	var err error
	if w.Kind, w.Args, err = bodies.write(args); err != nil {
		return nil, err
	}
	return exact(w)
}

func decodeCommand(raw []byte) (domain.Partition, commands.Command, error) {
	var w wireCommand
	if err := strict(raw, &w); err != nil {
		return 0, commands.Command{}, err
	}
	body, err := bodies.read(w.Kind, w.On, w.Args)
	return w.Partition, commands.Command{ID: w.ID, Actor: w.Actor, Cause: w.Cause, Body: body}, err
}

// wireQuestion is a request that asks.
type wireQuestion struct {
	Partition domain.Partition `json:"partition"`
	Kind      string           `json:"kind"`
	Args      json.RawMessage  `json:"args"`
}

func encodeQuestion(p domain.Partition, q commands.Question) ([]byte, error) {
	w := wireQuestion{Partition: p}
	var err error
	if w.Kind, w.Args, err = questions.write(q); err != nil {
		return nil, err
	}
	return exact(w)
}

func decodeQuestion(raw []byte) (domain.Partition, commands.Question, error) {
	var w wireQuestion
	if err := strict(raw, &w); err != nil {
		return 0, nil, err
	}
	q, err := questions.read(w.Kind, target{}, w.Args)
	return w.Partition, q, err
}

// reply is the answer to either: one of its members.
type reply struct {
	Result  *wireResult      `json:"result,omitempty"`
	Answer  *commands.Answer `json:"answer,omitempty"`
	Failure *failure         `json:"failure,omitempty"`
}

// wireResult is a commands.Result.
type wireResult struct {
	At       domain.Position `json:"at"`
	Repeated bool            `json:"repeated,omitempty"`
	Events   []wireEvent     `json:"events,omitempty"`
}

// wireEvent is an event as the log stores it. A record has its schema's current
// version; Stored is the one that the log has it in.
type wireEvent struct {
	Stored int    `json:"stored"`
	Record []byte `json:"record"`
}

func encodeResult(r commands.Result) (*wireResult, error) {
	w := &wireResult{At: r.At, Repeated: r.Repeated}
	for _, e := range r.Events {
		stored := e.Schema
		e.Schema = 0
		record, err := schemas.AppendRecord(nil, e)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", e.Position, err)
		}
		w.Events = append(w.Events, wireEvent{stored, record})
	}
	return w, nil
}

func decodeResult(w *wireResult) (commands.Result, error) {
	r := commands.Result{At: w.At, Repeated: w.Repeated}
	for _, e := range w.Events {
		event, err := schemas.DecodeRecord(e.Record)
		if err != nil {
			return commands.Result{}, err
		}
		event.Schema = e.Stored
		r.Events = append(r.Events, event)
	}
	return r, nil
}
