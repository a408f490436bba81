package reactions

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"dendro/domain"
)

// Poisoned tells of a message that a handler could not cope with. It holds
// nothing of the event but its place: texts stay in the log.
type Poisoned struct {
	ID        string           `json:"id"` // HANDLER@PARTITION/SEQ
	Handler   string           `json:"handler"`
	Partition domain.Partition `json:"partition"`
	Seq       domain.Seq       `json:"seq"`
	Event     string           `json:"event,omitempty"` // its id; "" when it could not be read
	Type      string           `json:"type,omitempty"`
	Error     string           `json:"error"`    // the newest, one line
	Attempts  int              `json:"attempts"` // in all
	First     time.Time        `json:"first"`
	Last      time.Time        `json:"last"`
}

// poisonID names what a handler could not cope with.
func poisonID(handler string, at domain.Position) string { return handler + "@" + at.String() }

// ErrPoisonFull means that a handler has as many poisoned messages as are kept.
// It stands still, and loses none, until some are retried with success.
var ErrPoisonFull = errors.New("no room is left for messages that fail; mend the cause, then run `dendro reactions poison retry`")

// MaxPoisoned is how many poisoned messages are kept per handler.
const MaxPoisoned = 10_000

// maxPoisonLine bounds a line of the file, in bytes.
const maxPoisonLine = 16 << 10

// PoisonStore keeps poisoned messages in a file, a line of JSON each; of lines
// with the same id the last one holds. A change is durable when it returns. It
// may be used concurrently, but only one store may write to a file.
type PoisonStore struct {
	path  string
	limit int // per handler

	mu      sync.Mutex
	kept    map[string]Poisoned
	per     map[string]int // by handler
	lines   int            // in the file
	suspect bool           // an append failed, so the file may end in half a line
}

const poisonName = "poison.jsonl"

// OpenPoison opens the store in a directory, or makes it. limit is MaxPoisoned
// when 0.
func OpenPoison(dir string, limit int) (*PoisonStore, error) {
	s := &PoisonStore{
		path: filepath.Join(dir, poisonName), limit: orDefault(limit, MaxPoisoned),
		kept: map[string]Poisoned{}, per: map[string]int{},
	}
	list, err := ReadPoison(dir)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		s.put(x)
	}
	return s, s.rewrite()
}

// ReadPoison gives what the store in a directory keeps, the oldest first; none
// where there is no store. The store may be in use.
func ReadPoison(dir string) ([]Poisoned, error) {
	path := filepath.Join(dir, poisonName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1] // half a line was never durable
	kept := map[string]Poisoned{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxPoisonLine)
	for n := 1; lines.Scan(); n++ {
		var x Poisoned
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w; mend or remove the line", path, n, err)
		}
		kept[x.ID] = x
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return inOrder(kept), nil
}

func inOrder(kept map[string]Poisoned) []Poisoned {
	list := make([]Poisoned, 0, len(kept))
	for _, x := range kept {
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b Poisoned) int {
		if c := a.First.Compare(b.First); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

// List gives what is kept, the oldest first.
func (s *PoisonStore) List() []Poisoned {
	s.mu.Lock()
	defer s.mu.Unlock()
	return inOrder(s.kept)
}

// Count tells how many messages of a handler are kept.
func (s *PoisonStore) Count(handler string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.per[handler]
}

// Room answers ErrPoisonFull when the message could not be kept if it failed.
func (s *PoisonStore) Room(handler, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.kept[id]; !known && s.per[handler] >= s.limit {
		return fmt.Errorf("%s: %w", handler, ErrPoisonFull)
	}
	return nil
}

// Put keeps a message. One that is kept already keeps its first time, and its
// attempts add up.
func (s *PoisonStore) Put(x Poisoned) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.kept[x.ID]
	if known {
		x.First, x.Attempts = old.First, old.Attempts+x.Attempts
	} else if s.per[x.Handler] >= s.limit {
		return fmt.Errorf("%s: %w", x.Handler, ErrPoisonFull)
	}
	line, err := json.Marshal(x)
	if err != nil {
		return err
	}
	if s.suspect || s.lines > 2*(len(s.kept)+s.limit) {
		if err := s.rewrite(); err != nil {
			return err
		}
	}
	if err := appendFile(s.path, append(line, '\n')); err != nil {
		s.suspect = true
		return err
	}
	s.lines++
	s.put(x)
	return nil
}

func (s *PoisonStore) put(x Poisoned) {
	if _, known := s.kept[x.ID]; !known {
		s.per[x.Handler]++
	}
	s.kept[x.ID] = x
}

// Remove forgets a message; one that is not kept, too.
func (s *PoisonStore) Remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, known := s.kept[id]
	if !known {
		return nil
	}
	delete(s.kept, id)
	s.per[x.Handler]--
	if err := s.rewrite(); err != nil {
		s.put(x)
		return err
	}
	return nil
}

// rewrite writes the file anew, one line for each message.
func (s *PoisonStore) rewrite() error {
	var text bytes.Buffer
	for _, x := range inOrder(s.kept) {
		line, err := json.Marshal(x)
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	if err := replaceFile(s.path, text.Bytes()); err != nil {
		return err
	}
	s.lines, s.suspect = len(s.kept), false
	return nil
}
