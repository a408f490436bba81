package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// aConversation is a file with one row that can't be played, the last.
const aConversation = `{"message_id":"00000000-0000-0000-0000-000000000001","user_id":"00000000-0000-0000-0000-00000000000a","created_date":"2024-05-01T00:00:00+00:00","text":"Hola","role":"prompter","lang":"es","review_count":3,"review_result":true,"deleted":false,"labels":{"spam":{"value":0,"count":3}},"tree_state":"ready_for_export"}
{"message_id":"00000000-0000-0000-0000-000000000002","parent_id":"00000000-0000-0000-0000-000000000001","user_id":"00000000-0000-0000-0000-00000000000b","created_date":"2024-05-01T00:01:00+00:00","text":"Buenas","role":"assistant","lang":"es","review_count":3,"review_result":true,"deleted":false,"labels":{"spam":{"value":0,"count":3}},"tree_state":"ready_for_export"}
{"message_id":"00000000-0000-0000-0000-000000000003","parent_id":"00000000-0000-0000-0000-000000000009","created_date":"2024-05-01T00:02:00+00:00","text":"Adiós","role":"assistant","lang":"es"}
`

func published(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "some.messages.jsonl")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestReenact(t *testing.T) {
	file, dir := published(t, aConversation), t.TempDir()
	first, second := filepath.Join(dir, "deep", "first"), filepath.Join(dir, "second")
	said := fine(t, "reenact", file, "--data", first)
	for _, text := range []string{" 2 (66.6%)", "line 3, 00000000-0000-0000-0000-000000000003: parent_missing: "} {
		if !strings.Contains(said, text) {
			t.Errorf("%q does not say %q", said, text)
		}
	}
	fine(t, "log", "verify", "--data", first)

	var got reenacted
	if err := json.Unmarshal([]byte(fine(t, "reenact", file, "--data", second, "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Rows != 3 || got.Reproduced != 2 || len(got.Others) != 1 || got.Others[0].Line != 3 {
		t.Errorf("--json says %+v", got)
	}
	a, b := fine(t, "log", "tail", "--data", first), fine(t, "log", "tail", "--data", second)
	if a != b || a == "" {
		t.Error("the same file makes another log")
	}
}

func TestReenactRefuses(t *testing.T) {
	file, dir := published(t, aConversation), t.TempDir()
	data := filepath.Join(dir, "log")
	fails(t, exitMisuse, "name one file", "reenact", "--data", data)
	fails(t, exitFailed, "no such file", "reenact", filepath.Join(dir, "none"), "--data", data)
	fails(t, exitFailed, "line 4: not JSON", "reenact", published(t, aConversation+"{]"), "--data", data)
	fails(t, exitFailed, "no row", "reenact", published(t, ""), "--data", data)
	fails(t, exitFailed, "is not empty", "reenact", file, "--data", filepath.Dir(file))
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a refused reenactment leaves %v (%v)", left, err)
	}
}
