package main

import (
	"strings"
	"testing"

	"dendro/adapters/bolt"
	"dendro/domain"
	"dendro/domain/tree"
)

// found is what a simulated log has of things to ask about.
type foundThings struct{ deleted, ranked, tree, user, voter, moderator string }

func thingsIn(t *testing.T, dir string) (x foundThings) {
	t.Helper()
	log, err := bolt.Open(t.Context(), dir, bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	eachEvent(t, log, func(r domain.Recorded) {
		switch e := r.Payload.(type) {
		case tree.MessageDeleted:
			x.deleted = e.Message.String()
		case tree.RepliesRanked:
			in, _ := r.Stream.Tree()
			x.ranked, x.tree, x.voter = e.Parent.String(), in.String(), e.Ballots[0].Contributor.String()
		case tree.LabelsSubmitted:
			x.user = e.Contributor.String()
		}
		if r.Actor.Kind == domain.ActorModerator {
			x.moderator = r.Actor.ID
		}
	})
	return x
}

// A log and a server on it are asked the same questions: they give the same
// answers; and people get them in words.
func TestAuditAndRankingCommands(t *testing.T) {
	dir := t.TempDir()
	fine(t, "simulate", "--data", dir, "--seed", "5", "--contributors", "20", "--tasks", "500")
	x := thingsIn(t, dir)
	asks := map[string][]string{
		"messages in words": {"audit", "message", x.deleted}, "users": {"audit", "user", x.user}, "trees": {"audit", "tree", x.tree},
		"moderators": {"audit", "moderator", x.moderator}, "explain": {"ranking", "explain", x.ranked},
		"remerge": {"ranking", "remerge", x.ranked, "--rule", "schulze", "--without", x.voter},
	}
	of := func(ask []string, more ...string) []string { return append(append([]string{}, ask...), more...) }
	local := map[string]string{}
	for name, ask := range asks {
		local[name] = fine(t, of(ask, "--data", dir, "--json")...)
	}
	for want, ask := range map[string][]string{
		"OUT of": asks["messages in words"], "message.deleted": asks["messages in words"], "moderator/": asks["moderators"],
		"ranked_pairs:": asks["explain"], "pairs, strongest first": asks["explain"], "schulze:": asks["remerge"], "left out: named": asks["remerge"],
		"merges would be in another order": {"ranking", "remerge", "--all", "--rule", "borda"},
	} {
		if out := fine(t, of(ask, "--data", dir)...); !strings.Contains(out, want) {
			t.Errorf("%v does not say %q:\n%.2000s", ask, want, out)
		}
	}
	if at := fine(t, of(asks["trees"], "--data", dir, "--json", "--at", endOf(t, dir).String())...); at != local["trees"] {
		t.Errorf("as of its end the log says %.1500s", at)
	}
	server := startServer(t, dir, "--dev")
	base := strings.TrimSuffix(server.url, "/api/v1")
	for name, ask := range asks {
		if got := fine(t, of(ask, "--server", base, "--key", "any", "--json")...); got != local[name] {
			t.Errorf("%s: the server says\n%.1500s\nthe log\n%.1500s", name, got, local[name])
		}
	}
	server.end()
	fails(t, exitMisuse, "give one id", "audit", "message", "--data", dir)
	fails(t, exitMisuse, "no rule", "ranking", "remerge", x.ranked, "--rule", "lots", "--data", dir)
	fails(t, exitMisuse, "reads a log", "ranking", "remerge", "--all", "--server", base, "--key", "any")
	fails(t, exitFailed, "no such message", "audit", "message", x.user, "--data", dir)
}

// The words for events.
func TestEventsInWords(t *testing.T) {
	for _, c := range []struct{ kind, data, want string }{
		{"labels.submitted", `{"labels":{"spam":0,"quality":0.75}}`, "freely; quality 0.75, spam 0"},
		{"tree.state_changed", `{"from":"growing","to":"ranking","rule":"goal_reached"}`, "growing → ranking"},
		{"message.deleted", `{"message":"018cc3e0-d930-0066-374c-4ffcc88faf86","messages":["x","y"],"reason":"bad"}`, "018c…c88faf86 and 1 below it; reason: bad"},
		{"ranking.submitted", `{"order":[]}`, "not rankable"},
		{"emoji.added", `{"emoji":"+1","contributor":"018cc3e0-d930-0066-374c-4ffcc88faf86"}`, "emoji +1"},
		{"message.edited", `{"message":"018cc3e0-d930-0066-374c-000000000001","text":"So."}`, "018c…00000001: \"So.\""},
	} {
		if got := eventWords(c.kind, []byte(c.data), "rule:goal_reached", "message/018cc3e0-d930-0066-374c-4ffcc88faf86"); got != c.want {
			t.Errorf("%s: %q, want %q", c.kind, got, c.want)
		}
	}
}
