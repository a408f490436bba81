package boards

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
)

// TableDeeds is the view's table.
const TableDeeds = "board_deeds"

// Kind is what a deed counts as.
type Kind uint8

// The kinds. Those up to Third are points, the rest is what the trollboard
// shows.
const (
	Prompt Kind = iota
	AssistantReply
	PrompterReply
	LabelsSimple
	LabelsFull
	Ranking
	GoodRanking
	AcceptedPrompt
	AcceptedAssistantReply
	AcceptedPrompterReply
	First
	Second
	Third
	RedFlag
	Upvote
	Downvote
	SpamPrompt
	Marks     // a review received, see Deed.Labels
	FreeMarks // a free label set received, see Deed.Labels
	Kinds     = int(FreeMarks) + 1
)

// Task reports whether a deed of the kind is a completed task: what keeps a
// streak alive.
func (k Kind) Task() bool { return k <= Ranking }

// Points reports whether the kind is scored by the leaderboard; the others are
// the trollboard's.
func (k Kind) Points() bool { return k <= Third }

// Deed is something that was done, and counts for or against a contributor
// since At. Key: Kind, Subject and Other. A completed task stays for ever;
// any other deed is gone when it counts no longer, and comes back when it does
// again.
type Deed struct {
	Kind    Kind
	Subject [16]byte             // the message, parent (rankings) or tree (SpamPrompt) that it is about
	Other   domain.ContributorID // who labelled, ranked, voted or flagged; zero where nobody judged
	By      domain.ContributorID // whom it counts for
	At      time.Time            // when it was done
	Counts  bool                 // false: a completed task that earns nothing now, since its message is deleted
	Labels  *reward.Labels       // of Marks and FreeMarks only
}

// Table implements projections.Row.
func (*Deed) Table() string { return TableDeeds }

// Tally is what counts for one account within a time.
type Tally struct {
	Contributor domain.ContributorID
	Counts      [Kinds]int
	Labels      reward.LabelSums
}

// Activity is when accounts did their tasks, whether or not those still count.
type Activity struct {
	Last time.Time // of the newest completed task; zero: none
	Day  time.Time // the UTC day of Last
	Run  int       // consecutive UTC days that end with Day, each with a completed task
}

// Reader counts deeds. Accounts stand for themselves; mergers are the business
// of Leaderboard and Trollboard.
type Reader interface {
	// Tallies counts the deeds that count with since ≤ At, all when since is
	// zero, per account that has any, in no order; of those accounts only,
	// unless only is nil.
	Tallies(ctx context.Context, since time.Time, only []domain.ContributorID) ([]Tally, error)
	// Activities gives, for each list of accounts of one owner, what they did
	// together.
	Activities(ctx context.Context, owners [][]domain.ContributorID) ([]Activity, error)
	// Deeds gives the single deeds that the query takes, the newest first: by At,
	// then Kind, Subject and Other, all descending.
	Deeds(ctx context.Context, q DeedQuery) ([]*Deed, error)
}

// DeedQuery chooses deeds that count for some accounts. The zero value of any
// other field does not limit.
type DeedQuery struct {
	By     []domain.ContributorID
	Kinds  []Kind // any of them; nil: all
	Since  time.Time
	Before *DeedKey // exclusive: later in the order
	Max    int      // at most so many, at least 1
}

// DeedKey is a place in the order of deeds.
type DeedKey struct {
	At      time.Time
	Kind    Kind
	Subject [16]byte
	Other   domain.ContributorID
}

// Key gives the deed's place.
func (d *Deed) Key() DeedKey { return DeedKey{d.At, d.Kind, d.Subject, d.Other} }

// Compare orders places as their fields stand.
func (k DeedKey) Compare(o DeedKey) int {
	return cmp.Or(k.At.Compare(o.At), cmp.Compare(k.Kind, o.Kind), bytes.Compare(k.Subject[:], o.Subject[:]), k.Other.Compare(o.Other))
}
