package main

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/conversations"
)

// get asks, and reads the answer into out.
func (y *yesterday) get(path string, out any) {
	y.Helper()
	got := y.ask(y.now, path)
	if err := json.Unmarshal(got.Body.Bytes(), out); got.Code != 200 || err != nil {
		y.Fatalf("%s: %d %.500s %v", path, got.Code, got.Body, err)
	}
}

// pages walks a list page by page.
func pages[T any](y *yesterday, path string, each func(T)) {
	y.Helper()
	u, _ := url.Parse(path)
	q := u.Query()
	for {
		var page struct {
			Items []T
			Next  *string
		}
		u.RawQuery = q.Encode()
		y.get(u.String(), &page)
		for _, item := range page.Items {
			each(item)
		}
		if page.Next == nil {
			return
		}
		q.Set("after", *page.Next)
	}
}

// What is behind a troll score, page by page, comes to the score.
func TestTrollScoresAreTheSumOfTheirItems(t *testing.T) {
	y := newYesterday(t)
	var board struct {
		Trollboard []struct {
			UserID string `json:"user_id"`
			Score  int    `json:"troll_score"`
		}
	}
	for _, frame := range []string{"day", "week", "total"} {
		y.get("/trollboards/"+frame+"?max_count=1000", &board)
		for _, line := range board.Trollboard {
			sum, last := 0, "9999"
			pages(y, "/trollboards/"+frame+"/"+line.UserID+"?max_count=7", func(item struct {
				Points  int
				Created string `json:"created_date"`
			}) {
				if sum += item.Points; item.Created > last {
					t.Errorf("%s stands behind %s", item.Created, last)
				}
				last = item.Created
			})
			if sum != line.Score {
				t.Errorf("%s, %s: the items come to %d, the score is %d", line.UserID, frame, sum, line.Score)
			}
		}
	}
	if len(board.Trollboard) < 5 {
		t.Errorf("only %d lines were looked at", len(board.Trollboard))
	}
}

// Each reported message stands in the queue once, in the order asked for, with
// all its reports.
func TestQueue(t *testing.T) {
	y := newYesterday(t)
	reports := map[string]int{}
	resolved := map[string]bool{}
	eachEvent(t, y.log, func(r domain.Recorded) {
		switch e := r.Payload.(type) {
		case tree.MessageReported:
			reports[e.Message.String()]++
			resolved[e.Message.String()] = false
		case tree.ReportResolved:
			resolved[e.Message.String()] = true
		}
	})
	if len(reports) < 5 {
		t.Fatalf("only %d messages were reported", len(reports))
	}
	type item struct {
		ID      string `json:"message_id"`
		Reports int
		First   string `json:"first_report_date"`
		By      []any  `json:"reported_by"`
		Text    string
	}
	for sort, later := range map[string]func(a, b item) bool{
		"oldest":       func(a, b item) bool { return a.First >= b.First },
		"newest":       func(a, b item) bool { return a.First <= b.First },
		"most_flagged": func(a, b item) bool { return a.Reports <= b.Reports },
	} {
		for _, open := range []string{"true", "false"} {
			seen := map[string]bool{}
			var before *item
			pages(y, "/moderation/queue?max_count=3&sort="+sort+"&open="+open, func(i item) {
				switch {
				case seen[i.ID], i.Reports != reports[i.ID], open == "true" && resolved[i.ID], len(i.By) != min(i.Reports, 20), i.Text == "":
					t.Errorf("%s: %+v", sort, i)
				case before != nil && !later(i, *before):
					t.Errorf("%s: %+v stands behind %+v", sort, i, *before)
				}
				seen[i.ID], before = true, &i
			})
			for id := range reports {
				if !seen[id] && (open == "false" || !resolved[id]) {
					t.Errorf("%s: %s is not in the queue", sort, id)
				}
			}
		}
	}
}

// A record counts what a contributor wrote, and what was said of it.
func TestRecord(t *testing.T) {
	y := newYesterday(t)
	end, err := y.log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := momentAt(t.Context(), y.log, end, nil)
	if err != nil {
		t.Fatal(err)
	}
	wrote := 0
	for _, id := range y.all["user_id"] {
		var got struct {
			Accounts []domain.ContributorID
			Messages map[string]json.RawMessage
			Against  struct{ Reports int } `json:"reports_against"`
		}
		y.get("/users/"+id+"/record", &got)
		n, deleted := 0, 0
		for _, kind := range []string{"prompts", "prompter_replies", "assistant_replies"} {
			var counts map[string]int
			if err := json.Unmarshal(got.Messages[kind], &counts); err != nil {
				t.Fatal(err)
			}
			n += counts["accepted"] + counts["rejected"] + counts["undecided"]
			deleted += counts["deleted"]
		}
		rows, err := m.Views.Messages(t.Context(), conversations.Query{Authors: got.Accounts, Deleted: true, Max: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		wantDeleted := len(slices.DeleteFunc(slices.Clone(rows), func(m *conversations.Message) bool { return !m.Deleted }))
		if n+deleted != len(rows) || deleted != wantDeleted {
			t.Errorf("%s: %d and %d deleted, want %d and %d", id, n, deleted, len(rows)-wantDeleted, wantDeleted)
		}
		wrote += n
	}
	if wrote == 0 {
		t.Error("nobody wrote anything")
	}
}
