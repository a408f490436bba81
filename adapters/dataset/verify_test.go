package dataset_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dendro/adapters/dataset"
	"dendro/domain"
	"dendro/domain/tree"
)

// What is not what the log gives is named: each change with a word that the
// answer must have.
func TestVerifyNamesWhatDiffers(t *testing.T) {
	log := newLog(small(5))
	_, original := exported(t, log, log.end(), allMessages, dataset.Options{})
	data := ""
	for name := range original {
		if strings.HasSuffix(name, ".gz") {
			data = name
		}
	}
	lines := strings.SplitAfter(unzip(t, original[data]), "\n")
	repack := func(lines ...string) string {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write([]byte(strings.Join(lines, ""))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	replaced := func(old, now string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("no %q in it", old)
			}
			return strings.Replace(s, old, now, 1)
		}
	}
	changed := append([]string{}, lines...)
	changed[6] = strings.Replace(changed[6], `"deleted":false`, `"deleted":true`, 1)
	m, err := dataset.ReadManifest(write(t, original))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file   string
		change func(string) string
		want   []string
	}{
		"a changed line":       {data, func(string) string { return repack(changed...) }, []string{"differs first in line 7", "the SHA-256 of " + data}},
		"a missing line":       {data, func(string) string { return repack(append(lines[:2:2], lines[3:]...)...) }, []string{"differs first in line 3"}},
		"a missing end":        {data, func(string) string { return repack(lines[:9]...) }, []string{"ends before line 10"}},
		"a line too many":      {data, func(string) string { return repack(append(lines, lines[0])...) }, []string{fmt.Sprintf("more than the %d lines", m.Files[0].Rows)}},
		"other packing":        {data, func(string) string { return repack(lines...) }, []string{"the SHA-256 of " + data}},
		"a cut file":           {data, func(s string) string { return s[:len(s)/2] }, []string{"the size of", "line"}},
		"no gzip":              {data, func(string) string { return "no" }, []string{"from line 1 on"}},
		"another digest":       {"manifest.json", replaced(m.Digest, "sha256:00"), []string{"the digest of the lines", "sha256:00"}},
		"another root":         {"manifest.json", replaced(m.Partitions[1].Root, "00"), []string{"the Merkle root of partition 1"}},
		"another row count":    {"manifest.json", replaced(`"rows": `, `"rows": 1`), []string{"the rows"}},
		"another erasure":      {"manifest.json", replaced(`"erasures": [`, `"erasures": ["e0cf4fa2-e944-44fb-b502-11f155062092"`), []string{"the erasures"}},
		"another event number": {"manifest.json", replaced(`"events": `, `"events": 1`), []string{"the events of partition 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			broken := map[string]string{}
			for n, text := range original {
				broken[n] = text
			}
			broken[c.file] = c.change(broken[c.file])
			err := dataset.Verify(context.Background(), log, write(t, broken), nil)
			var mismatch *dataset.Mismatch
			if !errors.As(err, &mismatch) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in: %v", want, err)
				}
			}
		})
	}
	if err := dataset.Verify(context.Background(), log, write(t, original), nil); err != nil {
		t.Errorf("unchanged: %v", err)
	}
	delete(original, data)
	if err := dataset.Verify(context.Background(), log, write(t, original), nil); err == nil || !strings.Contains(err.Error(), "is not there") {
		t.Errorf("without its data: %v", err)
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// One event in the log that is not what it was shows, also when no line tells.
func TestVerifySeesAnotherHistory(t *testing.T) {
	log := newLog(small(5))
	dir, _ := exported(t, log, log.end(), allMessages, dataset.Options{})
	for i, e := range log.events[1] {
		if task, ok := e.Payload.(tree.TaskAcknowledged); ok {
			task.FrontendID += "x"
			log.events[1][i].Payload = task
			err := dataset.Verify(context.Background(), log, dir, nil)
			if err == nil || !strings.Contains(err.Error(), "the Merkle root of partition 1") || strings.Contains(err.Error(), "line") {
				t.Errorf("got %v", err)
			}
			return
		}
	}
	t.Fatal("nothing to change")
}

func TestVerifyRefuses(t *testing.T) {
	log := newLog(small(5))
	_, files := exported(t, log, log.end(), readyTrees, dataset.Options{})
	other := newLog(small(6))
	shorter := &fakeLog{id: log.id, events: [][]domain.Recorded{log.events[0], log.events[1], log.events[2][:1]}}
	engine := map[string]string{}
	for name, text := range files {
		engine[name] = strings.Replace(text, `"engine": "dendro-dataset/`, `"engine": "dendro-dataset/0.`, 1)
	}
	escaping := map[string]string{}
	for name, text := range files {
		escaping[name] = strings.Replace(text, `"name": "`, `"name": "../`, 1)
	}
	for name, c := range map[string]struct {
		log   *fakeLog
		files map[string]string
		is    error
		want  string
	}{
		"another log":     {other, files, domain.ErrForeignCut, "names log"},
		"a shorter log":   {shorter, files, domain.ErrForeignCut, "the log ends there at 2"},
		"no export":       {log, map[string]string{"README.md": ""}, dataset.ErrNoExport, "no manifest.json"},
		"no manifest":     {log, map[string]string{"manifest.json": "{}"}, dataset.ErrNoExport, "manifest.json"},
		"another engine":  {log, engine, nil, "dendro-dataset/0."},
		"a file outside":  {log, escaping, dataset.ErrNoExport, "not the name of a data file"},
		"unknown content": {log, map[string]string{"manifest.json": `{"signature":""}`}, dataset.ErrNoExport, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			err := dataset.Verify(context.Background(), c.log, write(t, c.files), nil)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A time becomes the same cut as a look at every event gives, and only when
// the log has passed it.
func TestResolveAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := newLog(small(rapid.Uint64Range(0, 50).Draw(t, "seed")))
		var times []time.Time
		for _, events := range log.events {
			for _, e := range events {
				times = append(times, e.Time)
			}
		}
		at := rapid.SampledFrom(times).Draw(t, "time").Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "off")) * time.Microsecond)
		want, reached := log.id.Start(), false
		for p, events := range log.events {
			for _, e := range events {
				if !e.Time.After(at) {
					want.End[p]++
				} else {
					reached = true
				}
			}
		}
		got, err := dataset.ResolveAt(context.Background(), log, at)
		if reached && (err != nil || !got.Equal(want)) {
			t.Fatalf("%s is %s, %v; want %s", at, got, err, want)
		}
		if !reached && (!errors.Is(err, dataset.ErrNotReached) || !strings.Contains(err.Error(), "only reached")) {
			t.Fatalf("%s is not passed: got %s, %v", at, got, err)
		}
	})
	log := newLog(small(1))
	var newest time.Time
	for _, events := range log.events {
		if last := events[len(events)-1].Time; last.After(newest) {
			newest = last
		}
	}
	if cut, err := dataset.ResolveAt(context.Background(), log, newest.Add(-time.Microsecond)); err != nil {
		t.Errorf("just before the newest event: %s, %v", cut, err)
	}
	if cut, err := dataset.ResolveAt(context.Background(), log, newest); !errors.Is(err, dataset.ErrNotReached) {
		t.Errorf("at the newest event: %s, %v", cut, err)
	}
	empty := &fakeLog{id: domain.Identity{Partitions: 2}, events: make([][]domain.Recorded, 2)}
	if _, err := dataset.ResolveAt(context.Background(), empty, time.Now()); !errors.Is(err, dataset.ErrNotReached) {
		t.Errorf("of an empty log: %v", err)
	}
}
