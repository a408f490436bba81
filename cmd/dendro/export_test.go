package main

import (
	"os"
	"path/filepath"
	"testing"

	"dendro/domain"
)

func TestExport(t *testing.T) {
	dir, base := filepath.Join(t.TempDir(), "log"), t.TempDir()
	out := func(name string) string { return filepath.Join(base, name) }
	type manifest struct {
		Cut    string
		At     *string
		Digest string
		Files  []struct {
			Name string
			Rows int
		}
	}
	export := func(name string, more ...string) (m manifest) {
		t.Helper()
		decodeJSON(t, fine(t, append([]string{"export", "--data", dir, "--out", out(name), "--json"}, more...)...), &m)
		fine(t, "export", "--data", dir, "--verify", out(name))
		return m
	}
	simulate(t, dir, "--tasks", "500")
	trees := export("trees")
	messages := export("messages", "--format", "messages")
	all := export("all", "--variant", "all", "--format", "messages", "--deleted", "include")
	deleted := export("deleted", "--variant", "all", "--format", "messages", "--deleted", "only")
	if t.Failed() || trees.Files[0].Rows < 1 || messages.Files[0].Rows <= trees.Files[0].Rows || all.Files[0].Rows <= messages.Files[0].Rows || deleted.Files[0].Rows >= all.Files[0].Rows {
		t.Fatalf("rows: %+v, %+v, %+v, %+v", trees, messages, all, deleted)
	}
	var before struct{ Last string }
	decodeJSON(t, fine(t, "log", "stat", "--data", dir, "--json"), &before)
	fails(t, exitFailed, "has only reached", "export", "--data", dir, "--out", out("x"), "--at", before.Last)

	simulate(t, dir, "--tasks", "200") // the campaign goes on
	fine(t, "export", "--data", dir, "--verify", out("trees"))
	if again := export("cut", "--cut", trees.Cut); again.Digest != trees.Digest || again.At != nil {
		t.Errorf("the same cut gives another dataset:\n%+v\n%+v", again, trees)
	}
	if again := export("at", "--at", before.Last); again.Digest != trees.Digest || again.At == nil {
		t.Errorf("the same time gives another dataset:\n%+v\n%+v", again, trees)
	}
	if now := export("now"); now.Digest == trees.Digest {
		t.Error("the dataset did not grow")
	}

	foreign := domain.Identity{ID: domain.LogID{9}, Partitions: 4}.Start().String()
	fails(t, exitFailed, "does not belong to this log", "export", "--data", dir, "--out", out("x"), "--cut", foreign)
	fails(t, exitFailed, "has only reached", "export", "--data", dir, "--out", out("x"), "--at", "2999-01-01T00:00:00Z")
	fails(t, exitFailed, "holds an export already", "export", "--data", dir, "--out", out("trees"))
	fine(t, "export", "--data", dir, "--out", out("trees"), "--replace")
	fails(t, exitFailed, "no export", "export", "--data", dir, "--verify", base)
	fails(t, exitFailed, out("none"), "export", "--data", out("none"), "--out", out("x"))

	file := filepath.Join(out("messages"), messages.Files[0].Name)
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, exitFailed, "is not what the log gives", "export", "--data", dir, "--verify", out("messages"))
	if _, err := os.Stat(out("x")); !os.IsNotExist(err) {
		t.Errorf("an export that failed left something behind (%v)", err)
	}
}
