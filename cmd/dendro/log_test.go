package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"dendro/adapters/bolt"
	"dendro/domain"
	"dendro/domain/tree"
)

func TestLogStat(t *testing.T) {
	dir := sampleLog(t)
	var s struct {
		Log        string
		Placement  string
		Cut        string
		Events     int
		Bytes      int64
		First      time.Time
		Last       time.Time
		Partitions []struct{ Partition, Events int }
		Types      map[string]int
	}
	decodeJSON(t, fine(t, "log", "stat", "--data", dir, "--json"), &s)
	if s.Log != sampleIdentity.ID.String() || s.Placement != domain.PlacementName || s.Bytes <= 0 {
		t.Errorf("identity: %+v", s)
	}
	events, claims := len(sampleEntries()), s.Types["writer.claimed"]
	if s.Events != events+claims || len(s.Partitions) != 2 || s.Partitions[0].Events+s.Partitions[1].Events != s.Events {
		t.Errorf("%d events and %d claims are counted as %+v", events, claims, s)
	}
	if s.Types["task.assigned"] != 2 || s.Types["message.posted"] != 1 {
		t.Errorf("types: %v", s.Types)
	}
	if want := sampleBegan.Add(time.Duration(events) * time.Second); !s.Last.Equal(want) || s.First.After(s.Last) {
		t.Errorf("the last event is of %s, not %s", s.Last, want)
	}
	cut := fmt.Sprintf("%s@%d,%d", s.Log, s.Partitions[0].Events+1, s.Partitions[1].Events+1)
	if s.Cut != cut {
		t.Errorf("the cut is %s, want %s", s.Cut, cut)
	}
	text := fine(t, "log", "stat", "--data", dir)
	for _, part := range []string{s.Log, s.Cut, "2024-05-01 10:00:13.000000 UTC", "message.posted"} {
		if !strings.Contains(text, part) {
			t.Errorf("the text lacks %q:\n%s", part, text)
		}
	}
	t.Setenv(dataVariable, dir)
	if again := fine(t, "log", "stat"); again != text {
		t.Errorf("by %s it prints something else:\n%s", dataVariable, again)
	}
}

func decodeJSON(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func TestLogTail(t *testing.T) {
	dir := sampleLog(t)
	var stat struct {
		Cut        string
		Events     int
		Partitions []struct{ Events int }
	}
	decodeJSON(t, fine(t, "log", "stat", "--data", dir, "--json"), &stat)
	half := fmt.Sprintf("%s@1,%d", sampleIdentity.ID, stat.Partitions[1].Events+1)
	for _, c := range []struct {
		args []string
		want int
	}{
		{nil, stat.Events},
		{[]string{"--limit", "3"}, 3},
		{[]string{"--type", "task.assigned"}, 2},
		{[]string{"--type", "task.assigned", "--type", "message.posted"}, 3},
		{[]string{"--type", "task.assigned,message.posted", "--limit", "1"}, 1},
		{[]string{"--stream", "campaign"}, 1},
		{[]string{"--tree", samplePrompt.String()}, 9},
		{[]string{"--tree", samplePrompt.String(), "--stream", "campaign"}, 0},
		{[]string{"--contributor", sampleAuthor.String()}, 5}, // registered, and four deeds
		{[]string{"--contributor", sampleAuthor.String(), "--type", "message.posted"}, 1},
		{[]string{"--after", stat.Cut}, 0},
		{[]string{"--after", half}, stat.Partitions[0].Events},
		{[]string{"--json"}, stat.Events},
	} {
		out := fine(t, append([]string{"log", "tail", "--data", dir}, c.args...)...)
		if got := strings.Count(out, "\n"); got != c.want {
			t.Errorf("%v: %d lines, want %d", c.args, got, c.want)
		}
		for line := range strings.Lines(out) {
			decodeJSON(t, line, &map[string]any{})
		}
	}
	foreign := domain.Identity{ID: domain.LogID{9}, Partitions: 2}.Start()
	fails(t, exitFailed, "does not belong to this log", "log", "tail", "--data", dir, "--after", foreign.String())
	beyond := domain.Identity{ID: sampleIdentity.ID, Partitions: 2}.Start()
	beyond.End[0] = 1000
	fails(t, exitFailed, "the log ends there", "log", "tail", "--data", dir, "--after", beyond.String())
}

// TestLogTailFollows: it prints what is there, waits while another process
// holds the log, prints what that one wrote, and ends well when interrupted.
func TestLogTailFollows(t *testing.T) {
	dir := sampleLog(t)
	before := strings.Count(fine(t, "log", "tail", "--data", dir), "\n")
	ctx, interrupt := context.WithCancel(t.Context())
	var out, errs screen
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"log", "tail", "--data", dir, "--follow"}, &out, &errs) }()
	await(t, "what is there", func() bool { return strings.Count(out.String(), "\n") == before })

	log := openWhenFree(t, dir)
	if _, err := log.Own(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	await(t, "word that it waits", func() bool { return strings.Contains(errs.String(), "waiting for it to end") })
	time.Sleep(3 * followEvery)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "the new event", func() bool { return strings.Count(out.String(), "\n") == before+1 })
	if strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("it says more than once that it waits: %q", errs.String())
	}
	interrupt()
	if c := <-code; c != exitFine {
		t.Errorf("interrupted, it ends with code %d: %s", c, errs.String())
	}
}

// openWhenFree opens the log as an engine would, as soon as no reader holds it.
func openWhenFree(t *testing.T, dir string) (log *bolt.Log) {
	t.Helper()
	await(t, "the log", func() bool {
		var err error
		log, err = bolt.Open(t.Context(), dir, bolt.Options{Clock: domain.ClockFunc(time.Now), Owner: "other"})
		return err == nil
	})
	return log
}

func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestLogTailFollowEndsAtLimit(t *testing.T) {
	if out := fine(t, "log", "tail", "--data", sampleLog(t), "--follow", "--limit", "2"); strings.Count(out, "\n") != 2 {
		t.Errorf("prints %q", out)
	}
}

func TestLogVerify(t *testing.T) {
	dir := sampleLog(t)
	type result struct {
		Log        string
		Cut        string
		Events     int
		Partitions []struct {
			Events int
			Root   string
		}
	}
	var first, again, copied result
	decodeJSON(t, fine(t, "log", "verify", "--data", dir, "--json"), &first)
	decodeJSON(t, fine(t, "log", "verify", "--data", sampleLog(t), "--json"), &again)
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("the same log has other roots:\n%+v\n%+v", first, again)
	}
	if len(first.Partitions) != 2 || len(first.Partitions[0].Root) != 64 || first.Partitions[0].Root == first.Partitions[1].Root {
		t.Errorf("roots: %+v", first)
	}
	text := fine(t, "log", "verify", "--data", dir)
	if !strings.Contains(text, first.Partitions[1].Root) || !strings.Contains(text, "is sound") {
		t.Errorf("prints %s", text)
	}
	to := t.TempDir() + "/copy"
	fine(t, "log", "copy", "--data", dir, "--to", to, "--partitions", "3")
	decodeJSON(t, fine(t, "log", "verify", "--data", to, "--json"), &copied)
	if len(copied.Partitions) != 3 {
		t.Errorf("the copy has %d partitions", len(copied.Partitions))
	}
}

// TestLogVerifyNamesTheEvent: a rule is broken by an event that is stored as
// it was written.
func TestLogVerifyNamesTheEvent(t *testing.T) {
	dir := sampleLog(t)
	writeLog(t, dir, []sampleEntry{{domain.TreeStream(domain.TreeID(samplePrompt)), domain.ByRule("test"), tree.LotteryWon{}}})
	fails(t, exitFailed, "(lottery.won of tree/"+samplePrompt.String()+"): no lottery.drawn before it", "log", "verify", "--data", dir)
}

// TestLogVerifyNamesTheFrame flips one byte in the middle of a stored text.
func TestLogVerifyNamesTheFrame(t *testing.T) {
	dir := sampleLog(t)
	file := bolt.Path(dir)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("Why do trees have rings?")
	found := 0
	for i := range b {
		if slices.Equal(b[i:min(i+len(text), len(b))], text) {
			b[i+3] ^= 1
			found++
		}
	}
	if found == 0 {
		t.Fatal("the text is not in the file")
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	p := domain.Place(string(sampleEnglish), 2)
	for _, command := range []string{"verify", "stat"} {
		fails(t, exitFailed, fmt.Sprintf("damaged log: partition %d, frame at seq", p), "log", command, "--data", dir)
	}
}

func TestLogCopy(t *testing.T) {
	dir := sampleLog(t)
	a, b := t.TempDir()+"/a", t.TempDir()+"/b"
	events := len(sampleEntries())
	for _, to := range []string{a, b} {
		if out := fine(t, "log", "copy", "--data", dir, "--to", to); !strings.HasPrefix(out, fmt.Sprintf("copied %d events, of %d in all", events, events)) {
			t.Errorf("prints %q", out)
		}
	}
	if x, y := bytesOf(t, a), bytesOf(t, b); x != y {
		t.Error("the same copy made twice differs")
	}
	if out := fine(t, "log", "copy", "--data", dir, "--to", a); !strings.HasPrefix(out, "copied 0 events") {
		t.Errorf("copying again prints %q", out)
	}
	source := strings.Split(fine(t, "log", "tail", "--data", dir, "--tree", samplePrompt.String()), "\n")
	target := strings.Split(fine(t, "log", "tail", "--data", a, "--tree", samplePrompt.String()), "\n")
	if len(source) != len(target) {
		t.Errorf("the copy of the tree has %d events, not %d", len(target), len(source))
	}
	other := writeLog(t, t.TempDir()+"/other", sampleEntries()[:4])
	fails(t, exitFailed, "", "log", "copy", "--data", a, "--to", other)
	fails(t, exitFailed, "", "log", "copy", "--data", dir, "--to", a, "--partitions", "7")
}

func bytesOf(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(bolt.Path(dir))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCopyOfACampaign: a campaign of a simulated crowd passes every check, and
// so does its copy in another number of partitions, which gives the same
// dataset: how a log is split leaves no trace in what is made of it.
func TestCopyOfACampaign(t *testing.T) {
	base := t.TempDir()
	log, wide := base+"/log", base+"/wide"
	fine(t, "simulate", "--data", log, "--contributors", "40", "--tasks", "600", "--partitions", "2")
	fine(t, "log", "copy", "--data", log, "--to", wide, "--partitions", "5")
	var digests []string
	for _, dir := range []string{log, wide} {
		if out := fine(t, "log", "verify", "--data", dir); !strings.Contains(out, "is sound") {
			t.Errorf("verify of %s prints %s", dir, out)
		}
		fine(t, "export", "--data", dir, "--out", dir+"-export", "--variant", "all")
		b, err := os.ReadFile(dir + "-export/manifest.json")
		if err != nil {
			t.Fatal(err)
		}
		var manifest struct{ Digest string }
		decodeJSON(t, string(b), &manifest)
		digests = append(digests, manifest.Digest)
	}
	if digests[0] == "" || digests[0] != digests[1] {
		t.Errorf("the dataset of the copy has another digest: %v", digests)
	}
}
