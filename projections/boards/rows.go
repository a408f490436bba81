package boards

import (
	"context"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
)

// TableDeeds is the view's table.
const TableDeeds = "board_deeds"

// Kind is what a deed counts as.
type Kind uint8

// The kinds. Those up to Third are points (spec: collection §10), the rest is
// what the trollboard shows.
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
	Marks // a label set received, see Deed.Labels
	Kinds = int(Marks) + 1
)

// Deed is something that counts for or against a contributor since At. Key:
// Kind, Subject and Other. It is gone when it counts no longer, and comes back
// when it does again.
type Deed struct {
	Kind    Kind
	Subject [16]byte             // the message, parent (rankings) or tree (SpamPrompt) that it is about
	Other   [16]byte             // who else took part: the ranker of a place, who flagged, labelled; else zero
	By      domain.ContributorID // whom it counts for
	At      time.Time            // when it was done
	Labels  *reward.Labels       // of Marks only
}

// Table implements projections.Row.
func (*Deed) Table() string { return TableDeeds }

// Tally is what one account did within a time.
type Tally struct {
	Contributor domain.ContributorID
	Counts      [Kinds]int
	Labels      reward.LabelSums
}

// Activity is when accounts did their tasks.
type Activity struct {
	Last time.Time // of the newest completed task; zero: none
	Day  time.Time // the UTC day of Last
	Run  int       // consecutive UTC days that end with Day, each with a completed task
}

// Reader counts deeds. Accounts stand for themselves; mergers are the business
// of Leaderboard and Trollboard.
type Reader interface {
	// Tallies counts the deeds with since ≤ At, all when since is zero, per
	// account that has any, in no order; of those accounts only, unless only is
	// nil.
	Tallies(ctx context.Context, since time.Time, only []domain.ContributorID) ([]Tally, error)
	// Activities gives, for each list of accounts of one owner, what they did
	// together.
	Activities(ctx context.Context, owners [][]domain.ContributorID) ([]Activity, error)
}
