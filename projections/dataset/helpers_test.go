package dataset_test

import (
	"bytes"
	"encoding/json"
	"strings"

	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/contributor"
)

// plainOwners resolves merged accounts by going on from each as often as there
// are accounts, and from there once around a circle if it is in one.
func plainOwners(history [][]domain.Recorded) map[domain.ContributorID]domain.ContributorID {
	into := map[domain.ContributorID]domain.ContributorID{}
	all := map[domain.ContributorID]bool{}
	for _, events := range history {
		for _, r := range events {
			switch e := r.Payload.(type) {
			case contributor.Registered:
				all[e.Contributor] = true
			case contributor.Merged:
				into[e.From] = e.Into
			}
		}
	}
	step := func(id domain.ContributorID) domain.ContributorID {
		if next, ok := into[id]; ok {
			return next
		}
		return id
	}
	owner := map[domain.ContributorID]domain.ContributorID{}
	for id := range all {
		end := id
		for range all {
			end = step(end)
		}
		least := end
		for at := step(end); at != end; at = step(at) {
			if at.Compare(least) < 0 {
				least = at
			}
		}
		owner[id] = least
	}
	return owner
}

// flatten turns lines of trees into the lines of messages that they stand for,
// by cutting text: that what is inside keeps its bytes is the point.
func flatten(t *rapid.T, trees string) string {
	var out strings.Builder
	for line := range strings.Lines(trees) {
		var head struct {
			ID     string          `json:"message_tree_id"`
			State  string          `json:"tree_state"`
			Prompt json.RawMessage `json:"prompt"`
		}
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		tail := `,"message_tree_id":"` + head.ID + `","tree_state":"` + head.State + "\"}\n"
		var walk func(message json.RawMessage)
		walk = func(message json.RawMessage) {
			var node struct {
				Replies []json.RawMessage `json:"replies"`
			}
			if err := json.Unmarshal(message, &node); err != nil {
				t.Fatalf("%v in %s", err, message)
			}
			replies, ok := bytes.CutSuffix(message, []byte("]}"))
			if !ok {
				t.Fatalf("replies are not last in %s", message)
			}
			for i := len(node.Replies) - 1; i >= 0; i-- {
				replies = bytes.TrimSuffix(bytes.TrimSuffix(replies, node.Replies[i]), []byte(","))
			}
			own, ok := bytes.CutSuffix(replies, []byte(`,"replies":[`))
			if !ok {
				t.Fatalf("replies are not last in %s", message)
			}
			out.Write(own)
			out.WriteString(tail)
			for _, r := range node.Replies {
				walk(r)
			}
		}
		walk(head.Prompt)
	}
	return out.String()
}
