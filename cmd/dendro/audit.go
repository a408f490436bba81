package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dendro/domain"
	"dendro/projections/audit"

	"github.com/spf13/cobra"
)

func newAuditCmd() *cobra.Command {
	c := group("audit", "Explain what became of messages, users and trees", `Explain what became of a message, a user or a tree, or what a moderator did: the
events behind it, oldest first, with who did it, when, why and what it followed
from. Of a message it says first whether it is in the datasets, and what decides
that.

These commands read a log (--data, --log), or ask a running server (--server);
with --at they answer as of an earlier cut or time.`)
	c.AddCommand(
		newAuditOfCmd("message", "messages", "Tell why a message is in the datasets, or out of them"),
		newAuditOfCmd("user", "users", "Tell what happened to a user's accounts"),
		newAuditOfCmd("tree", "trees", "Tell the way of a tree"),
		newAuditOfCmd("moderator", "moderators", "Tell what a moderator did"),
	)
	return c
}

func newAuditOfCmd(what, path, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use: what + " ID", Short: short, Args: oneID("which " + what + "?"),
		Example: fmt.Sprintf(`  dendro audit %[1]s 018cc252-9428-4d6a-92d1-3c49cc5cef8b --data ./data
  dendro audit %[1]s 018cc252-9428-4d6a-92d1-3c49cc5cef8b --server http://127.0.0.1:8080 --at 2024-01-02T12:00:00Z
  dendro audit %[1]s 018cc252-9428-4d6a-92d1-3c49cc5cef8b --data ./data --json`, what),
	}
	open, asJSON := askFlags(cmd), jsonFlag(cmd)
	most := cmd.Flags().Int("max", 1000, "at most so many events, the newest; 1 to 10000")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if *most < 1 || *most > 10_000 {
			return misuse("--max %d; give 1 to 10000", *most)
		}
		a, err := open(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		body, err := a.ask(cmd.Context(), fmt.Sprintf("/audit/%s/%s?max_count=%d", path, args[0], *most))
		if err != nil {
			return err
		}
		if *asJSON {
			return printRaw(cmd.OutOrStdout(), body)
		}
		t := newTeller(cmd.OutOrStdout())
		if err := tellTrail(t, body); err != nil {
			return err
		}
		return t.err
	}
	return cmd
}

// oneID wants one argument, an id.
func oneID(ask string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return misuse("%s give one id; see `%s --help`", ask, cmd.CommandPath())
		}
		if _, err := domain.ParseID(args[0]); err != nil {
			return misuse("%v", err)
		}
		return nil
	}
}

// toldEvent is an event as the API gives it.
type toldEvent struct {
	Type      string          `json:"type"`
	Time      time.Time       `json:"time"`
	Partition int             `json:"partition"`
	Seq       uint64          `json:"seq"`
	Actor     string          `json:"actor"`
	Cause     string          `json:"cause"`
	ID        string          `json:"id"`
	Data      json.RawMessage `json:"data"`
}

// tellTrail prints an audit trail for people.
func tellTrail(t *teller, body []byte) error {
	var trail struct {
		Subject   string         `json:"subject"`
		Events    []toldEvent    `json:"events"`
		Truncated bool           `json:"truncated"`
		Verdict   *audit.Verdict `json:"verdict"`
	}
	if err := json.Unmarshal(body, &trail); err != nil {
		return err
	}
	t.title(trail.Subject)
	if trail.Verdict != nil {
		tellVerdict(t, trail.Verdict)
	}
	if trail.Truncated {
		t.say("%s", t.faint("older events are left out; see --max"))
	}
	width := 0
	for _, e := range trail.Events {
		width = max(width, len(e.Type))
	}
	numbers := map[string]int{}
	for i, e := range trail.Events {
		numbers[e.ID] = i + 1
		after := ""
		if n := numbers[e.Cause]; n > 0 {
			after = t.faint(fmt.Sprintf("  (follows from %d)", n))
		}
		t.say("%4d  %s  %-*s  %-28s  %s%s", i+1, t.faint(e.Time.UTC().Format("2006-01-02 15:04:05")), width, e.Type, shortActor(e.Actor), eventWords(e.Type, e.Data), after)
	}
	if len(trail.Events) == 0 {
		t.say("nothing")
	}
	return nil
}

func tellVerdict(t *teller, v *audit.Verdict) {
	word := func(in bool, variant string) string {
		if in {
			return t.good("IN") + " " + variant
		}
		return t.bad("OUT") + " of " + variant
	}
	t.say("%s, %s", word(v.Ready, "ready"), word(v.All, "all"))
	for _, r := range v.Reasons {
		mark := t.good("✓")
		if !r.Holds {
			mark = t.bad("✗")
		}
		line := fmt.Sprintf("  %s %s", mark, r.Text)
		if r.Stated != "" {
			line += fmt.Sprintf(": %q", r.Stated)
		}
		if r.Event != nil {
			line += t.faint(fmt.Sprintf("  (%s, %s, event %s)", shortActor(r.Actor), r.Time, r.At))
		}
		t.say("%s", line)
	}
	t.say("")
}

// shortActor cuts the id of who acted.
func shortActor(actor string) string {
	kind, id, _ := strings.Cut(actor, ":")
	if len(id) == 36 {
		id = id[:4] + "…" + id[28:]
	}
	return kind + " " + id
}

// eventWords says in a few words what an event's data holds.
func eventWords(kind string, data json.RawMessage) string {
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
		add("%q", clip(fmt.Sprint(d["text"]), 70))
	case "message.deleted", "message.restored":
		if list, ok := d["messages"].([]any); ok {
			add("%d messages, from %v on", len(list), shortID(d["message"]))
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
			add("%d ballots: order %v", len(list), d["order"])
		}
	default:
		parts = append(parts, plainFields(d)...)
	}
	for _, key := range []string{"reason", "rule"} {
		if text, ok := d[key].(string); ok && text != "" {
			add("%s: %s", key, clip(text, 80))
		}
	}
	return strings.Join(parts, "; ")
}

// plainFields gives the members that are words or numbers, ids short.
func plainFields(d map[string]any) (out []string) {
	for key, v := range d {
		switch v := v.(type) {
		case string:
			if key != "reason" && key != "rule" {
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
