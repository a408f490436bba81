package tree

import (
	"crypto/sha256"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
)

// State is what decisions about a tree rest on. It is an immutable value:
// what it points to is never changed, only replaced.
type State struct {
	ID         domain.TreeID
	Language   string
	State      domain.TreeState // "" while only a prompt task exists
	Limits     Limits
	Won        bool             // the lottery, once
	ImportedAs domain.TreeState // "" for trees grown here
	Messages   []*Message       // as posted: the root first, parents before children
	Tasks      []*Task          // as assigned
	Discounted []domain.ContributorID
	Deletion   domain.DeletionID // the newest, since the state changed
	Emptied    domain.DeletionID // the one that left nothing, while the tree is halted for that
}

// Digest tells texts and submissions apart without keeping them.
type Digest [16]byte

// DigestOf digests the parts of a submission; none of them holds a NUL that
// would matter.
func DigestOf(parts ...string) Digest {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return Digest(sum[:16])
}

// Message is one message of a tree.
type Message struct {
	ID        domain.MessageID
	Parent    int // index in State.Messages; -1 for the root
	Depth     int
	Role      domain.Role
	Author    domain.ContributorID
	Task      domain.TaskID
	Created   time.Time
	Text      Digest
	Synthetic bool
	Result    Result
	Revision  int
	Deletion  domain.DeletionID // zero while not deleted
	Rank      int               // 0 is best; -1 while unranked
	Reviews   []Review
	Free      []FreeLabels
	Reactions []Reaction
	Votes     []Vote // rankings of the replies to this message
	Reported  bool   // waits in the moderation queue
	Scores    Digest // of the newest automatic scores
}

// Deleted reports whether the message is hidden.
func (m *Message) Deleted() bool { return !m.Deletion.IsZero() }

// Live reports whether the message is undeleted and not rejected: what counts
// towards a tree's size and a parent's children (spec: collection §5).
func (m *Message) Live() bool { return !m.Deleted() && m.Result != Rejected }

// Review is what decides of one contributor's labels.
type Review struct {
	By           domain.ContributorID
	Spam         decimal.Decimal
	LangMismatch decimal.Decimal
	Stale        bool // of a text that was edited since
}

// FreeLabels is the newest free label set of a contributor.
type FreeLabels struct {
	By     domain.ContributorID
	Digest Digest
}

// Reaction is the set of emojis of one contributor: bits by Emoji.Index.
type Reaction struct {
	By   domain.ContributorID
	Now  uint16
	Ever uint16
}

// Vote is a ranking, best first.
type Vote struct {
	By          domain.ContributorID
	Order       []domain.MessageID
	NotRankable bool
}

// Status is where a task is in its life. Expiry is no status: it follows from
// the clock.
type Status uint8

// The statuses.
const (
	Assigned Status = iota
	Acknowledged
	Done
	Declined
	Closed
)

// Task is a task of this tree.
type Task struct {
	TaskAssigned
	Status     Status
	FrontendID string
	Taken      []Taken // what was handed in
}

// Taken remembers a submission, so that its repetition is known.
type Taken struct {
	By     domain.ContributorID
	Digest Digest
}

// Initial is the tree before its first event.
func Initial() State { return State{} }

// Root gives the prompt, or nil.
func (s *State) Root() *Message {
	if len(s.Messages) == 0 {
		return nil
	}
	return s.Messages[0]
}

// Find gives a message's index, or -1.
func (s *State) Find(id domain.MessageID) int {
	for i, m := range s.Messages {
		if m.ID == id {
			return i
		}
	}
	return -1
}

// Message gives a message, or nil.
func (s *State) Message(id domain.MessageID) *Message {
	if i := s.Find(id); i >= 0 {
		return s.Messages[i]
	}
	return nil
}

// Task gives a task, or nil.
func (s *State) Task(id domain.TaskID) *Task {
	if i := s.findTask(id); i >= 0 {
		return s.Tasks[i]
	}
	return nil
}

func (s *State) findTask(id domain.TaskID) int {
	for i := len(s.Tasks) - 1; i >= 0; i-- {
		if s.Tasks[i].Task == id {
			return i
		}
	}
	return -1
}

// Author gives who wrote a message.
func (s *State) Author(id domain.MessageID) (domain.ContributorID, bool) {
	m := s.Message(id)
	if m == nil {
		return domain.ContributorID{}, false
	}
	return m.Author, true
}

// Forget drops what is only of use while tasks can be submitted: the tasks
// that had expired before the given time. It changes no decision but one: a
// submission to such a task is refused as unknown instead of as expired.
func (s State) Forget(before time.Time) State {
	if !slices.ContainsFunc(s.Tasks, func(t *Task) bool { return t.Expires.Before(before) }) {
		return s
	}
	kept := make([]*Task, 0, len(s.Tasks))
	for _, t := range s.Tasks {
		if !t.Expires.Before(before) {
			kept = append(kept, t)
		}
	}
	s.Tasks = kept
	return s
}

func (s *State) discounted(by domain.ContributorID) bool {
	return slices.Contains(s.Discounted, by)
}

// reviews gives the reviews of m that count: of its present text, and of no
// discounted contributor.
func (s *State) reviews(m *Message) (n int, penalty decimal.Decimal) {
	for _, r := range m.Reviews {
		if r.Stale || s.discounted(r.By) {
			continue
		}
		n++
		penalty = penalty.Add(r.Spam).Add(r.LangMismatch)
	}
	return n, penalty
}

// below gives the indexes of the message at i and all that is below it.
func (s *State) below(i int) []int {
	in := make([]bool, len(s.Messages))
	in[i] = true
	out := []int{i}
	for j := i + 1; j < len(s.Messages); j++ {
		if p := s.Messages[j].Parent; p >= 0 && in[p] {
			in[j] = true
			out = append(out, j)
		}
	}
	return out
}

// liveChildren counts the replies of the message at i that are undeleted and
// not rejected.
func (s *State) liveChildren(i int) int {
	n := 0
	for _, m := range s.Messages[i+1:] {
		if m.Parent == i && m.Live() {
			n++
		}
	}
	return n
}

// rankable gives the indexes of the accepted, undeleted replies of the message
// at i; a parent with two or more of them is to be ranked.
func (s *State) rankable(i int) []int {
	var out []int
	for j := i + 1; j < len(s.Messages); j++ {
		if m := s.Messages[j]; m.Parent == i && m.Result == Accepted && !m.Deleted() {
			out = append(out, j)
		}
	}
	return out
}

// count tells how many messages are accepted and undeleted, are live, and
// still wait for reviews.
func (s *State) count() (accepted, live, waiting int) {
	for _, m := range s.Messages {
		if !m.Live() {
			continue
		}
		live++
		if m.Result == Accepted {
			accepted++
		} else {
			waiting++
		}
	}
	return accepted, live, waiting
}
