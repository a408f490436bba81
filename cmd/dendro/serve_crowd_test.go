package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dendro/adapters/bolt"
	"dendro/adapters/crowd/remote"
	"dendro/domain"

	"github.com/google/go-cmp/cmp"
)

// smallTrees is a policy under which a dozen people finish trees, by doing
// every kind of task.
const smallTrees = `{"languages": ["en"], "max_active_trees": 8, "max_initial_prompt_review": 8, "goal_tree_size": 5,
	"random_goal_tree_size": false, "max_tree_depth": 2, "max_children_count": 2, "num_prompter_replies": 2,
	"num_reviews_initial_prompt": 2, "num_reviews_reply": 2, "num_required_rankings": 2, "rank_prompter_replies": true,
	"p_full_labeling_review_prompt": 0.5, "recent_tasks_span_sec": 60}`

// frontend is a client of the API that sends every write twice, as after a
// lost answer.
type frontend struct {
	t      *testing.T
	server *running
	key    string
	sent   int
}

// send has an exchange that must be answered with the status, and reads the
// answer into out, if any is wanted.
func (f *frontend) send(status int, method, path string, body, out any) {
	f.t.Helper()
	f.sent++
	once := ""
	if method != http.MethodGet {
		once = fmt.Sprint("scripted ", f.sent)
	}
	got, answer := f.exchange(method, path, once, body)
	if got != status {
		f.t.Fatalf("%s %s was answered %d, want %d: %s", method, path, got, status, answer)
	}
	if once != "" {
		if again, same := f.exchange(method, path, once, body); again != got || !bytes.Equal(same, answer) {
			f.t.Errorf("%s %s was answered %d %s, and again %d %s", method, path, got, answer, again, same)
		}
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			f.t.Fatalf("%s %s: %v: %s", method, path, err, answer)
		}
	}
}

func (f *frontend) exchange(method, path, once string, body any) (int, []byte) {
	f.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.server.url+path, bytes.NewReader(raw))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("X-API-Key", f.key)
	if once != "" {
		req.Header.Set("Idempotency-Key", once)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return res.StatusCode, answer
}

// shownMessage is what a moderator looks at of a message.
type shownMessage struct {
	ID      string  `json:"id"`
	Parent  *string `json:"parent_id"`
	Tree    string  `json:"message_tree_id"`
	User    string  `json:"user_id"`
	Text    string  `json:"text"`
	Deleted bool    `json:"deleted"`
	Edited  bool    `json:"edited"`
}

func (f *frontend) message(id string) (m shownMessage) {
	f.t.Helper()
	f.send(200, "GET", "/messages/"+id, nil, &m)
	return m
}

func (f *frontend) state(id string) (state string) {
	f.t.Helper()
	var got struct{ State string }
	f.send(200, "GET", "/messages/"+id+"/tree/state", nil, &got)
	return got.State
}

// messages gives all that stand, the oldest first.
func (f *frontend) messages() (all []shownMessage) {
	f.t.Helper()
	q := url.Values{"max_count": {"100"}}
	for {
		var page struct {
			Next  *string
			Items []shownMessage
		}
		f.send(200, "GET", "/messages/cursor?"+q.Encode(), nil, &page)
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		q.Set("after", *page.Next)
	}
}

// in finds a message that fits, in a tree of the state.
func (f *frontend) in(state domain.TreeState, fits func(shownMessage) bool) shownMessage {
	f.t.Helper()
	for _, m := range f.messages() {
		if fits(m) && f.state(m.ID) == string(state) {
			return m
		}
	}
	f.t.Fatalf("no such message in a tree in %s", state)
	return shownMessage{}
}

func isRoot(m shownMessage) bool { return m.Parent == nil }

// register makes a contributor known, and gives the id.
func (f *frontend) register(who map[string]any) (id string) {
	f.t.Helper()
	var got struct {
		ID string `json:"user_id"`
	}
	f.send(200, "POST", "/frontend_users/", who, &got)
	return got.ID
}

// moderate does each thing that moderators do, and looks at its effect.
func (f *frontend) moderate(people []map[string]any) {
	f.t.Helper()
	f.deleteAndRestore()
	f.edit(people[0])
	f.haltAndResume()
	f.report(people[0])
	f.preview()
	f.disable(people[2])

	first, second := f.register(people[0]), f.register(people[1])
	f.send(204, "POST", "/admin/merge_users", map[string]any{"destination_user_id": first, "source_user_ids": []string{second}}, nil)
	f.send(204, "PUT", "/users/"+f.register(people[3])+"?show_on_leaderboard=false", nil, nil)
}

func (f *frontend) deleteAndRestore() {
	f.t.Helper()
	root := f.in(domain.ReadyForExport, isRoot)
	f.send(204, "DELETE", "/messages/"+root.ID+"?reason=looked+at", nil, nil)
	if !f.message(root.ID).Deleted {
		f.t.Error("a deleted message stands")
	}
	f.send(202, "PUT", "/messages/"+root.ID+"/undelete", nil, nil)
	if f.message(root.ID).Deleted || f.state(root.ID) != string(domain.ReadyForExport) {
		f.t.Error("a deletion was not undone")
	}
	gone := f.in(domain.ReadyForExport, func(m shownMessage) bool { return m.Parent != nil && m.Tree != root.Tree })
	f.send(204, "DELETE", "/messages/"+gone.ID, nil, nil)
}

func (f *frontend) edit(who map[string]any) {
	f.t.Helper()
	m := f.in(domain.Growing, func(m shownMessage) bool { return m.Parent != nil })
	f.send(200, "POST", "/messages/"+m.ID+"/edit", map[string]any{"user": who, "new_content": editedText}, nil)
	var texts []shownMessage
	f.send(200, "GET", "/messages/"+m.ID+"/history", nil, &texts)
	if now := f.message(m.ID); !now.Edited || now.Text != editedText || len(texts) != 2 || texts[0].Text != m.Text {
		f.t.Errorf("after an edit %+v has the history %+v", now, texts)
	}
}

func (f *frontend) haltAndResume() {
	f.t.Helper()
	root := f.in(domain.Growing, isRoot)
	f.send(200, "PUT", "/messages/"+root.ID+"/tree/state?halt=true", nil, nil)
	if got := f.state(root.ID); got != string(domain.HaltedByModerator) {
		f.t.Errorf("a tree that was halted is in %s", got)
	}
	f.send(200, "PUT", "/messages/"+root.ID+"/tree/state?halt=false", nil, nil)
	if got := f.state(root.ID); got == string(domain.HaltedByModerator) {
		f.t.Error("a tree was not resumed")
	}
}

func (f *frontend) report(who map[string]any) {
	f.t.Helper()
	m := f.in(domain.Growing, isRoot)
	f.send(204, "POST", "/text_labels/", map[string]any{
		"type": "text_labels", "user": who, "text": "please look", "labels": map[string]int{"spam": 1}, "message_id": m.ID, "is_report": true,
	}, nil)
	var flags []struct {
		ID        string `json:"message_id"`
		Processed bool
	}
	f.send(200, "GET", "/admin/flagged_messages?max_count=1", nil, &flags)
	if len(flags) != 1 || flags[0].ID != m.ID || flags[0].Processed {
		f.t.Errorf("after a report of %s the newest flag is %+v", m.ID, flags)
	}
	f.send(200, "POST", "/admin/flagged_messages/"+m.ID+"/processed", nil, nil)
}

// preview asks what purging somebody would do, which does nothing.
func (f *frontend) preview() {
	f.t.Helper()
	m := f.in(domain.Growing, isRoot)
	var sum struct{ Before, After struct{ Active, Deleted int } }
	f.send(200, "POST", "/admin/purge_user/"+m.User+"?preview=true", nil, &sum)
	if sum.After.Deleted <= sum.Before.Deleted || sum.After.Active >= sum.Before.Active {
		f.t.Errorf("to purge the author of %s would do nothing: %+v", m.ID, sum)
	}
	if f.message(m.ID).Deleted {
		f.t.Error("a preview deleted something")
	}
}

func (f *frontend) disable(who map[string]any) {
	f.t.Helper()
	f.send(204, "PUT", "/users/"+f.register(who)+"?enabled=false&discount=true&reason=trolling", nil, nil)
	var refused struct {
		Code int `json:"error_code"`
	}
	f.send(503, "POST", "/tasks/", map[string]any{"type": "random", "user": who}, &refused)
	if refused.Code != 4001 {
		f.t.Errorf("who is disabled is refused with code %d", refused.Code)
	}
}

const editedText = "This was put better by a moderator, and says the same."

// TestACampaignOverHTTP lets a crowd finish trees over HTTP while moderators
// interfere, and holds what is left to what the API said.
func TestACampaignOverHTTP(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	simulate(t, dir, "--tasks", "150") // long ago: part of the total, and of no day
	t.Setenv(rootVariable, "a root token that nobody guesses")
	server := startServer(t, dir, "--rate-limits", "off")
	base := strings.TrimSuffix(server.url, "/api/v1")
	const email = "wilhelmina.keeper@forest.example"
	key := longHex.FindString(fine(t, "client", "create", "--server", base, "--description", "scripted", "--email", email, "--trusted"))
	f := &frontend{t: t, server: server, key: key}
	f.send(200, "PUT", "/campaign", map[string]any{"policy": json.RawMessage(smallTrees)}, nil)

	crowd, err := remote.Open(t.Context(), remote.Options{Servers: []string{base}, Key: key, Seed: 3, Run: "1", Contributors: 14, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer crowd.Close()
	done := newDeeds(t, crowd)
	done.work(300)
	done.until("several trees are finished, and several grow", func() bool {
		counts := f.stateCounts()
		return counts[domain.ReadyForExport] >= 4 && counts[domain.Growing] >= 2
	})
	people := f.people()
	f.moderate(people)
	done.work(200)
	done.until("every kind of task was done", func() bool { return len(done.kinds) == len(domain.TaskKinds) })
	done.until("more trees are finished", func() bool { return f.stateCounts()[domain.ReadyForExport] >= 8 })
	done.check()

	ready, total, day := f.finished(), f.board("total"), f.board("day")
	now := time.Now()
	server.end()
	if out := fine(t, "log", "verify", "--data", dir); !strings.Contains(out, "is sound") {
		t.Errorf("the log is not sound:\n%s", out)
	}
	log := eventsOf(t, dir)
	if diff := cmp.Diff(recount(log, time.Time{}), total); diff != "" {
		t.Errorf("the total leaderboard (-recounted +answered):\n%s", diff)
	}
	if diff := cmp.Diff(recount(log, now.Add(-24*time.Hour)), day); diff != "" {
		t.Errorf("the day's leaderboard (-recounted +answered):\n%s", diff)
	}
	if len(total) <= len(day) || len(day) < 8 {
		t.Errorf("%d lines in all and %d of the day: those before should be in the total only", len(total), len(day))
	}
	if diff := cmp.Diff(ready, exportedTrees(t, dir)); diff != "" {
		t.Errorf("trees ready for export (-answered +exported):\n%s", diff)
	}
	namesStayOut(t, dir, append(people, map[string]any{"id": email, "display_name": email}))
}

// deeds are what the crowd has done.
type deeds struct {
	t     *testing.T
	crowd *remote.Crowd
	kinds map[domain.TaskKind]int
	sum   remote.Report
}

func newDeeds(t *testing.T, c *remote.Crowd) *deeds {
	return &deeds{t: t, crowd: c, kinds: map[domain.TaskKind]int{}}
}

func (d *deeds) work(tasks int) {
	d.t.Helper()
	r, err := d.crowd.Work(d.t.Context(), tasks, nil)
	if err != nil {
		d.t.Fatalf("%v; %+v", err, r)
	}
	for kind, n := range r.ByKind {
		d.kinds[kind] += n
	}
	d.sum.Repeats += r.Repeats
	d.sum.Doubles += r.Doubles
	d.sum.Declined += r.Declined
	d.sum.Reactions += r.Reactions
	d.sum.Reads += r.Reads
}

// until works on, within bounds.
func (d *deeds) until(what string, reached func() bool) {
	d.t.Helper()
	for range 40 {
		if reached() {
			return
		}
		d.work(50)
	}
	d.t.Fatalf("not reached: %s", what)
}

func (d *deeds) check() {
	d.t.Helper()
	d.t.Log(d.kinds)
	if s := d.sum; s.Repeats == 0 || s.Doubles == 0 || s.Declined == 0 || s.Reactions == 0 || s.Reads == 0 {
		d.t.Errorf("the crowd left something out: %+v", s)
	}
}

func (f *frontend) stateCounts() (counts map[domain.TreeState]int) {
	f.t.Helper()
	f.send(200, "GET", "/stats/tree_manager/state_counts", nil, &counts)
	return counts
}

// people gives the client's contributors, as a frontend names them.
func (f *frontend) people() (all []map[string]any) {
	f.t.Helper()
	f.send(200, "GET", "/frontend_users/?max_count=1000", nil, &all)
	for i, p := range all {
		all[i] = map[string]any{"id": p["id"], "display_name": p["display_name"], "auth_method": p["auth_method"]}
	}
	if len(all) < 12 {
		f.t.Fatalf("only %d people take part", len(all))
	}
	return all
}

// finished lists the trees that are ready for export and have something left.
func (f *frontend) finished() (ids []string) {
	f.t.Helper()
	for _, m := range f.messages() {
		if isRoot(m) && f.state(m.ID) == string(domain.ReadyForExport) {
			ids = append(ids, m.Tree)
		}
	}
	slices.Sort(ids)
	return ids
}

func (f *frontend) board(frame string) []boardLine {
	f.t.Helper()
	var got struct{ Leaderboard []boardLine }
	f.send(200, "GET", "/leaderboards/"+frame+"?max_count=10000", nil, &got)
	return got.Leaderboard
}

// exportedTrees makes a dataset, and lists its trees.
func exportedTrees(t *testing.T, dir string) (ids []string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "export")
	var manifest struct{ Files []struct{ Name string } }
	decodeJSON(t, fine(t, "export", "--data", dir, "--out", out, "--json"), &manifest)
	file, err := os.Open(filepath.Join(out, manifest.Files[0].Name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for rows := json.NewDecoder(lines); ; {
		var row struct {
			ID string `json:"message_tree_id"`
		}
		if err := rows.Decode(&row); err == io.EOF {
			slices.Sort(ids)
			return ids
		} else if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, row.ID)
	}
}

// namesStayOut searches the bytes of the log for whatever tells who somebody
// is; the directory has it.
func namesStayOut(t *testing.T, dir string, people []map[string]any) {
	t.Helper()
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	log, directory := read(bolt.Path(dir)), read(filepath.Join(dir, "directory.db"))
	if !strings.Contains(log, editedText) {
		t.Error("a text is not found in the bytes of the log: this search finds nothing")
	}
	for _, p := range people {
		for _, part := range []string{"id", "display_name"} {
			name := p[part].(string)
			if strings.Contains(log, name) {
				t.Errorf("the log holds %q", name)
			}
			if !strings.Contains(directory, name) {
				t.Errorf("the directory does not hold %q", name)
			}
		}
	}
}

func TestSimulateOnAServer(t *testing.T) {
	t.Setenv(rootVariable, "a root token that nobody guesses")
	t.Setenv(keyVariable, "")
	server := startServer(t, filepath.Join(t.TempDir(), "data"))
	base := strings.TrimSuffix(server.url, "/api/v1")
	args := []string{"simulate", "--server", base, "--contributors", "30", "--tasks", "60", "--connections", "4"}
	var sum struct {
		Tasks, Contributors, Connections, Requests int
		Kinds                                      map[string]int `json:"tasks_by_kind"`
	}
	decodeJSON(t, fine(t, append(args, "--json")...), &sum)
	if sum.Tasks != 60 || sum.Contributors != 30 || sum.Connections != 4 || sum.Requests < 180 || len(sum.Kinds) == 0 {
		t.Errorf("the run sums up as %+v", sum)
	}
	text := fine(t, append(args, "--tasks-only")...)
	for _, part := range []string{base, "60 completed", "a second", "whole cycle", "p99", "0 declined"} {
		if !strings.Contains(text, part) {
			t.Errorf("the summary lacks %q:\n%s", part, text)
		}
	}
	fails(t, exitFailed, "answered 403", append(args, "--key", "wrong")...)
	for line, why := range map[string]string{
		"--data d":         "--data does not go with --server",
		"--acks f":         "--acks does not go",
		"--partitions 2":   "--partitions does not go",
		"--connections 0":  "0 connections",
		"--connections 31": "give 1 to 30",
		"--tasks 0":        "0 tasks",
	} {
		fails(t, exitMisuse, why, append(args, strings.Fields(line)...)...)
	}
	fails(t, exitMisuse, "--connections does not go with --data", "simulate", "--data", "d", "--connections", "2")
	server.end()
}
