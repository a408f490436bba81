package tree

import (
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
)

// TaskAssigned opens a task: one unit of work for one contributor, or for a
// group when Collective. The first event of a tree that came from a prompt.
type TaskAssigned struct {
	Task        domain.TaskID
	Kind        domain.TaskKind
	Language    string // of the tree, and so of its pool
	Contributor domain.ContributorID
	Client      domain.ClientID
	Collective  bool

	// Message is the parent to reply to, the message to label, or the parent
	// whose replies to rank; zero for an initial prompt.
	Message domain.MessageID

	Labels    []domain.Label // label tasks: those allowed, in canonical order
	Mandatory []domain.Label // those of them that must be given
	Full      bool           // label tasks: all labels are asked, not just the simple ones

	Replies         []domain.MessageID // ranking tasks: in the order presented
	RevealSynthetic bool

	Expires time.Time // from here on the task takes no submission
}

// TaskAcknowledged binds the frontend's own message id to the task.
type TaskAcknowledged struct {
	Task       domain.TaskID
	FrontendID string
}

// TaskDeclined ends a task without work.
type TaskDeclined struct {
	Task   domain.TaskID
	Reason string
}

// TaskClosed ends a collective task.
type TaskClosed struct {
	Task domain.TaskID
}

// Opened begins a conversation tree with the limits it keeps for life.
type Opened struct {
	Language string
	Limits   Limits
}

// Limits are what a tree was created with (spec: collection §2).
type Limits struct {
	Goal            int // accepted messages to grow to
	MaxDepth        int
	MaxChildren     int // replies per prompter message
	PrompterReplies int // replies per assistant message
}

// MessagePosted adds a message. A root has no Parent.
type MessagePosted struct {
	Message     domain.MessageID
	Parent      domain.MessageID
	Task        domain.TaskID
	Contributor domain.ContributorID
	Client      domain.ClientID
	Role        domain.Role
	Text        string
	Language    string
	FrontendID  string
	Synthetic   bool
	Model       string // of a synthetic message
	Terms       string // version of the terms that the author had accepted
}

// LabelValue is one label's value, in [0, 1].
type LabelValue struct {
	Label domain.Label
	Value decimal.Decimal
}

// LabelsSubmitted is a set of labels: a review when Task is set, else free.
// Labels are in canonical order.
type LabelsSubmitted struct {
	Message     domain.MessageID
	Task        domain.TaskID
	Contributor domain.ContributorID
	Client      domain.ClientID
	Labels      []LabelValue
	Terms       string
}

// MessageAccepted and MessageRejected are what the reviews decided.
type MessageAccepted struct {
	Message domain.MessageID
	Reviews int             // that counted
	Score   decimal.Decimal // rounded for reading; the decision was exact
}

// MessageRejected is the opposite of MessageAccepted.
type MessageRejected struct {
	Message domain.MessageID
	Reviews int
	Score   decimal.Decimal
}

// MessageReopened takes a decision back: too few of the reviews that it rested
// on still count (an edit, or a troll's votes discounted).
type MessageReopened struct {
	Message domain.MessageID
	Reviews int
}

// RankingSubmitted is one contributor's order of the replies to Parent, best
// first, or the verdict that they can't be ranked.
type RankingSubmitted struct {
	Parent      domain.MessageID
	Task        domain.TaskID
	Contributor domain.ContributorID
	Client      domain.ClientID
	Order       []domain.MessageID
	NotRankable bool
	Terms       string
}

// Ballot is one vote as it was merged: indexes into Replies, best first.
type Ballot struct {
	Contributor domain.ContributorID
	Order       []int
	NotRankable bool
}

// RepliesRanked is a merge of the rankings of one parent; a later one of the
// same parent replaces it. Everything needed to merge again is in it.
type RepliesRanked struct {
	Parent  domain.MessageID
	Replies []domain.MessageID // what the indexes mean
	Ballots []Ballot
	Matrix  [][]int // Matrix[i][j]: ballots that have both and put i above j
	Order   []int   // consensus, best first; empty when most said "not rankable"
	TieRule string
	Ties    [][2]int // pairs, upper first, whose order the tie rule decided
}

// EmojiAdded is a contributor's reaction.
type EmojiAdded struct {
	Message     domain.MessageID
	Contributor domain.ContributorID
	Emoji       domain.Emoji
}

// EmojiRemoved takes a reaction back.
type EmojiRemoved struct {
	Message     domain.MessageID
	Contributor domain.ContributorID
	Emoji       domain.Emoji
}

// MessageReported puts a message into the moderation queue, again if it had
// been worked through.
type MessageReported struct {
	Message     domain.MessageID
	Contributor domain.ContributorID
	Reason      string
}

// ReportResolved takes a message out of the moderation queue.
type ReportResolved struct {
	Message domain.MessageID
	Reason  string
}

// MessageEdited replaces a text; the old one stays in the log. Reviews of the
// old text no longer decide.
type MessageEdited struct {
	Message  domain.MessageID
	Text     string
	Revision int // from 1; the text as posted is 0
	Reason   string
}

// MessageDeleted hides Message and what is below it. Messages lists what this
// act took, which is what its restoration brings back.
type MessageDeleted struct {
	Deletion domain.DeletionID
	Message  domain.MessageID
	Messages []domain.MessageID
	Reason   string
	Rule     string // set when no person did it
}

// MessageRestored undoes the deletion.
type MessageRestored struct {
	Deletion domain.DeletionID
	Message  domain.MessageID
	Messages []domain.MessageID
	Reason   string
}

// Score is one figure of an automatic classifier.
type Score struct {
	Name  string
	Value decimal.Decimal
}

// MessageScored holds an automatic classifier's figures; they decide nothing.
type MessageScored struct {
	Message domain.MessageID
	Model   string
	Scores  []Score // by name
}

// LotteryWon lets the tree grow; the pool's lottery.drawn is its cause.
type LotteryWon struct{}

// VotesDiscounted makes the reviews and rankings of a contributor count no
// longer.
type VotesDiscounted struct {
	Contributor domain.ContributorID
	Reason      string
}

// VotesReinstated undoes VotesDiscounted.
type VotesReinstated struct {
	Contributor domain.ContributorID
	Reason      string
}

// StateChanged moves the tree (spec: collection §4). Reason is the rule's name
// or what a moderator wrote.
type StateChanged struct {
	From, To domain.TreeState
	Reason   string
	Rule     string // set when no person did it
}

// Imported is a whole tree from elsewhere, ids and times kept.
type Imported struct {
	Language string
	State    domain.TreeState // ready_for_export or backlog_ranking
	Origin   string
	Messages []ImportedMessage // parents before children
}

// ImportedMessage is one message of an imported tree.
type ImportedMessage struct {
	Message     domain.MessageID
	Parent      domain.MessageID
	Contributor domain.ContributorID
	Role        domain.Role
	Text        string
	Language    string
	Created     time.Time
	ReviewCount int
	Result      Result
	Deleted     bool
	Ranked      bool
	Rank        int
	Synthetic   bool
	Model       string
	Emojis      []EmojiCount
	Labels      []LabelMean
	Scores      []Score
}

// EmojiCount and LabelMean are aggregates without their votes.
type EmojiCount struct {
	Emoji domain.Emoji
	Count int
}

// LabelMean is a label's mean over Count label sets.
type LabelMean struct {
	Label domain.Label
	Mean  decimal.Decimal
	Count int
}

// Result is what reviews made of a message.
type Result int8

// The results.
const (
	Undecided Result = 0
	Accepted  Result = 1
	Rejected  Result = -1
)

// Type implements domain.Event for each: the names are the storage format.
func (TaskAssigned) Type() domain.EventType     { return "task.assigned" }
func (TaskAcknowledged) Type() domain.EventType { return "task.acknowledged" }
func (TaskDeclined) Type() domain.EventType     { return "task.declined" }
func (TaskClosed) Type() domain.EventType       { return "task.closed" }
func (Opened) Type() domain.EventType           { return "tree.opened" }
func (MessagePosted) Type() domain.EventType    { return "message.posted" }
func (LabelsSubmitted) Type() domain.EventType  { return "labels.submitted" }
func (MessageAccepted) Type() domain.EventType  { return "message.accepted" }
func (MessageRejected) Type() domain.EventType  { return "message.rejected" }
func (MessageReopened) Type() domain.EventType  { return "message.reopened" }
func (RankingSubmitted) Type() domain.EventType { return "ranking.submitted" }
func (RepliesRanked) Type() domain.EventType    { return "replies.ranked" }
func (EmojiAdded) Type() domain.EventType       { return "emoji.added" }
func (EmojiRemoved) Type() domain.EventType     { return "emoji.removed" }
func (MessageReported) Type() domain.EventType  { return "message.reported" }
func (ReportResolved) Type() domain.EventType   { return "report.resolved" }
func (MessageEdited) Type() domain.EventType    { return "message.edited" }
func (MessageDeleted) Type() domain.EventType   { return "message.deleted" }
func (MessageRestored) Type() domain.EventType  { return "message.restored" }
func (MessageScored) Type() domain.EventType    { return "message.scored" }
func (LotteryWon) Type() domain.EventType       { return "lottery.won" }
func (VotesDiscounted) Type() domain.EventType  { return "votes.discounted" }
func (VotesReinstated) Type() domain.EventType  { return "votes.reinstated" }
func (StateChanged) Type() domain.EventType     { return "tree.state_changed" }
func (Imported) Type() domain.EventType         { return "tree.imported" }

// DecidedBy names the rule that made an event that no person asked for; ""
// for all others.
func (e MessageAccepted) DecidedBy() string { return "reviews" }

// DecidedBy implements domain.ByItself.
func (e MessageRejected) DecidedBy() string { return "reviews" }

// DecidedBy implements domain.ByItself.
func (e MessageReopened) DecidedBy() string { return "reviews" }

// DecidedBy implements domain.ByItself.
func (e RepliesRanked) DecidedBy() string { return "ranked_pairs" }

// DecidedBy implements domain.ByItself.
func (e LotteryWon) DecidedBy() string { return "lottery" }

// DecidedBy implements domain.ByItself.
func (e MessageDeleted) DecidedBy() string { return e.Rule }

// DecidedBy implements domain.ByItself.
func (e StateChanged) DecidedBy() string { return e.Rule }
