package kafka

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"
	"dendro/domain/tree"

	"github.com/google/go-cmp/cmp"
)

// accepted is a run of the example consumer on what kcat printed.
type accepted struct {
	counts map[string]int // the last that it told of each language
	said   string         // to standard error
	failed bool
}

const example = "../../deploy/examples/accepted.py"

func runExample(t *testing.T, printed []byte, args ...string) accepted {
	t.Helper()
	needTool(t, "python3")
	ctx, cancel := context.WithTimeout(t.Context(), toolPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "python3", append([]string{example}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(printed), &out, &said
	err := cmd.Run()
	a := accepted{counts: make(map[string]int), said: said.String(), failed: err != nil}
	for line := range strings.Lines(out.String()) {
		language, count, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if a.counts[language], err = strconv.Atoi(count); err != nil {
			t.Fatalf("the example says %q: %v", line, err)
		}
	}
	return a
}

// story makes events of trees, with all that can happen to the number of
// accepted messages, and how many there are in the end, by language.
type story struct {
	rng      *rand.Rand
	messages []told
	n        byte
}

type told struct {
	id                domain.MessageID
	stream            domain.StreamID
	language          string
	accepted, deleted bool
}

var storyLanguages = []string{"en", "pt-BR", "de"}

func (s *story) event() domain.Recorded {
	if len(s.messages) < 5 || s.rng.IntN(3) == 0 {
		return s.post()
	}
	m := &s.messages[s.rng.IntN(len(s.messages))]
	e := domain.Recorded{Stream: m.stream}
	switch pick := s.rng.IntN(6); {
	case pick < 2:
		e.Payload, m.accepted = tree.MessageAccepted{Message: m.id, Reviews: 3}, true
	case pick == 2:
		e.Payload, m.accepted = tree.MessageRejected{Message: m.id, Reviews: 3}, false
	case pick == 3:
		e.Payload, m.accepted = tree.MessageReopened{Message: m.id, Reviews: 1}, false
	case pick == 4 && m.deleted:
		e.Payload, m.deleted = tree.MessageRestored{Deletion: domain.DeletionID{1}, Message: m.id, Messages: []domain.MessageID{m.id}}, false
	case pick == 4:
		e.Payload, m.deleted = tree.MessageDeleted{Deletion: domain.DeletionID{1}, Message: m.id, Messages: []domain.MessageID{m.id}}, true
	default:
		e.Payload = tree.EmojiAdded{Message: m.id, Contributor: domain.ContributorID{1}, Emoji: domain.EmojiUp}
	}
	return e
}

// post begins a tree with a message, or imports one.
func (s *story) post() domain.Recorded {
	s.n++
	m := told{
		id: domain.MessageID{1, s.n}, language: storyLanguages[s.rng.IntN(len(storyLanguages))],
		stream: domain.TreeStream(domain.TreeID{1, s.n}),
	}
	e := domain.Recorded{Stream: m.stream}
	if s.rng.IntN(4) > 0 {
		e.Payload = tree.MessagePosted{Message: m.id, Role: domain.Prompter, Text: "a prompt\n", Language: m.language}
	} else {
		m.accepted, m.deleted = true, s.rng.IntN(2) == 0
		e.Payload = tree.Imported{Language: m.language, State: domain.ReadyForExport, Messages: []tree.ImportedMessage{
			{Message: m.id, Role: domain.Prompter, Text: "a prompt", Language: m.language, Result: tree.Accepted, Deleted: m.deleted},
		}}
	}
	s.messages = append(s.messages, m)
	return e
}

func (s *story) counts() map[string]int {
	out := make(map[string]int)
	for _, m := range s.messages {
		if m.accepted && !m.deleted {
			out[m.language]++
		}
	}
	return out
}

// sum adds up what several consumers count, and leaves out what is 0.
func sum(all ...map[string]int) map[string]int {
	out := make(map[string]int)
	for _, counts := range all {
		for language, n := range counts {
			if n > 0 {
				out[language] += n
			}
		}
	}
	return out
}

// The example of deploy/examples counts what was written, also when it is
// stopped and goes on, and stops at what it cannot count.
func TestExampleConsumer(t *testing.T) {
	needTool(t, "kcat")
	needTool(t, "python3")
	c := kafkatest.Shared(t)
	s := topicOfTest(t, c)
	var want []map[string]int
	for p := range s.l.Identity().Partitions {
		tale := story{rng: rand.New(rand.NewPCG(5, uint64(p))), n: byte(100 * p)}
		for range 2 {
			s.own(t, domain.Partition(p))
			events := make([]domain.Recorded, 60)
			for i := range events {
				events[i] = tale.event()
			}
			s.write(t, events...)
		}
		want = append(want, tale.counts())
	}
	if len(sum(want...)) < len(storyLanguages) {
		t.Fatalf("a story of %v tries little", want)
	}
	whole := kcat(t, c, s.l.opt.Topic, "-o", "beginning")

	t.Run("all at once, and again", func(t *testing.T) {
		state := filepath.Join(t.TempDir(), "state.json")
		for _, w := range []map[string]int{sum(want...), {}} {
			got := runExample(t, whole, "--state", state)
			if diff := cmp.Diff(w, sum(got.counts)); diff != "" || got.failed {
				t.Errorf("counts (-want +got):\n%s%s", diff, got.said)
			}
		}
	})
	t.Run("stopped in the middle", func(t *testing.T) {
		for p, w := range want {
			state := filepath.Join(t.TempDir(), "state.json")
			counts := map[string]int{}
			for _, most := range []string{"1", "37", "60", "100"} {
				next := output(t, exec.CommandContext(t.Context(), "python3", example, "--state", state, "--next", fmt.Sprint(p)))
				printed := kcat(t, c, s.l.opt.Topic, "-p", fmt.Sprint(p), "-o", strings.TrimSpace(string(next)), "-c", most)
				got := runExample(t, printed, "--state", state)
				if got.failed {
					t.Fatal(got.said)
				}
				for language, n := range got.counts {
					counts[language] = n
				}
			}
			if diff := cmp.Diff(w, sum(counts)); diff != "" {
				t.Errorf("counts of partition %d (-want +got):\n%s", p, diff)
			}
		}
	})
	t.Run("what it does not know", func(t *testing.T) { exampleStops(t, whole, sum(want...)) })
}

// exampleStops changes a line of what kcat printed, and expects the example to
// stop there, or not to mind.
func exampleStops(t *testing.T, whole []byte, counts map[string]int) {
	lines := slices.Collect(bytes.Lines(whole))
	first := func(part string) int {
		return slices.IndexFunc(lines, func(l []byte) bool { return bytes.Contains(l, []byte(part)) })
	}
	swap := func(old, with string) func([]byte) []byte {
		return func(line []byte) []byte { return bytes.Replace(line, []byte(old), []byte(with), 1) }
	}
	leaveOut := func([]byte) []byte { return nil }
	for name, c := range map[string]struct {
		line   int
		change func([]byte) []byte
		says   string // why it stops; "" when it goes on
	}{
		"a new type":            {first(`"emoji.added"`), swap(`"emoji.added"`, `"emoji.invented"`), ""},
		"a new version, unused": {first(`"emoji.added"`), swap(`emoji.added.v1`, `emoji.added.v2`), ""},
		"a new version, used":   {first(`"message.accepted"`), swap(`message.accepted.v1`, `message.accepted.v2`), "newer than this program"},
		"a gap":                 {first(`"emoji.added"`), leaveOut, "was to come"},
		"a claim left out":      {first(`"writer.claimed"`), leaveOut, "was to come"},
		"another seq":           {first(`"emoji.added"`), swap(`"ce_seq","`, `"ce_seq","9`), "no record of the log"},
		"no header":             {first(`"emoji.added"`), swap(`"ce_seq"`, `"seq"`), "no record of the log"},
	} {
		if c.line < 0 {
			t.Fatalf("%s: nothing to change", name)
		}
		changed := slices.Clone(lines)
		changed[c.line] = c.change(changed[c.line])
		got := runExample(t, bytes.Join(changed, nil))
		if got.failed != (c.says != "") || !strings.Contains(got.said, c.says) {
			t.Errorf("%s: it says %q", name, got.said)
		}
		if diff := cmp.Diff(counts, sum(got.counts)); c.says == "" && diff != "" {
			t.Errorf("%s: counts (-want +got):\n%s", name, diff)
		}
	}
	cut := whole[:len(whole)-10]
	if got := runExample(t, cut); got.failed {
		t.Errorf("a last line that is cut off: it says %q", got.said)
	}
}
