package tree

import (
	"time"

	"dendro/domain"
)

// Command is what can be asked of a tree.
type Command interface{ treeCommand() }

// Assign gives a task that the pool chose; the tree lays down what the task
// shows and allows.
type Assign struct {
	Task        domain.TaskID
	Kind        domain.TaskKind
	Language    string // initial prompts: the pool's
	Contributor domain.ContributorID
	Client      domain.ClientID
	Collective  bool
	Message     domain.MessageID
	Full        bool
}

// Acknowledge binds the frontend's message id to a task.
type Acknowledge struct {
	Task       domain.TaskID
	Client     domain.ClientID
	FrontendID string
}

// Decline ends a task without work, for the one who asked for it, or, when
// collective, for By.
type Decline struct {
	Task   domain.TaskID
	By     domain.ContributorID // zero: who asked for the task
	Client domain.ClientID
	Reason string
}

// Close ends a collective task.
type Close struct {
	Task   domain.TaskID
	Client domain.ClientID
}

// SubmitText hands in a prompt or a reply.
type SubmitText struct {
	Task       domain.TaskID
	By         domain.ContributorID
	Client     domain.ClientID
	FrontendID string
	Text       string
	Language   string // "" is the task's
	Synthetic  bool
	Model      string
	Terms      string
	// Duplicate tells that By handed the same text in within the window, in
	// any tree; only the pool can know.
	Duplicate bool
}

// SubmitLabels hands in a review.
type SubmitLabels struct {
	Task    domain.TaskID
	Message domain.MessageID
	By      domain.ContributorID
	Client  domain.ClientID
	Labels  []LabelValue
	Terms   string
}

// SubmitRanking hands in a ranking: indexes into the replies as presented.
type SubmitRanking struct {
	Task        domain.TaskID
	By          domain.ContributorID
	Client      domain.ClientID
	Order       []int
	NotRankable bool
	Terms       string
}

// SetLabels gives labels freely; with Report it also flags the message.
type SetLabels struct {
	Message domain.MessageID
	By      domain.ContributorID
	Client  domain.ClientID
	Labels  []LabelValue
	Report  bool
	Reason  string // of the report
	Terms   string
}

// EmojiOp is what to do with an emoji.
type EmojiOp string

// The operations.
const (
	EmojiAdd    EmojiOp = "add"
	EmojiRemove EmojiOp = "remove"
	EmojiToggle EmojiOp = "toggle"
)

// React adds or removes an emoji.
type React struct {
	Message domain.MessageID
	By      domain.ContributorID
	Emoji   domain.Emoji
	Op      EmojiOp
}

// ResolveReport takes a message out of the moderation queue.
type ResolveReport struct {
	Message domain.MessageID
	Reason  string
}

// Delete hides a message with everything below it.
type Delete struct {
	Message domain.MessageID
	Reason  string
}

// DeleteAuthored deletes what a contributor wrote in this tree, each message
// with everything below it.
type DeleteAuthored struct {
	Author      domain.ContributorID
	From, To    time.Time // posted within; zero is open
	KeepPrompts bool      // leave initial prompts, and so their trees
	Reason      string
}

// RestoreAuthored brings back exactly what one DeleteAuthored took in the tree,
// known by its command's id, and lets a tree go on that came to a halt with it.
// What hangs from a message that was deleted by itself stays where it is.
type RestoreAuthored struct {
	Command domain.CommandID
	Reason  string
}

// Restore undoes the deletion that hid the message, up and down.
type Restore struct {
	Message domain.MessageID
	Reason  string
}

// Edit replaces a text.
type Edit struct {
	Message domain.MessageID
	Text    string
	Reason  string
}

// Halt stops the tree; Resume lets a halted or aborted tree go on.
type Halt struct{ Reason string }

// Resume lets a halted or aborted tree go on.
type Resume struct{ Reason string }

// HaltPrompt halts the tree of a contributor's prompt that does not grow yet;
// others it leaves alone.
type HaltPrompt struct {
	Author domain.ContributorID
	Reason string
}

// Win is the lottery's answer; Activate the backlog's.
type Win struct{}

// Activate takes the tree out of the backlog.
type Activate struct{ Reason string }

// Import makes the tree from elsewhere.
type Import struct{ Tree Imported }

// RetryScoring merges again after a failure.
type RetryScoring struct{}

// RecordScores keeps an automatic classifier's figures.
type RecordScores struct {
	Message domain.MessageID
	Model   string
	Scores  []Score
}

// Discount makes a contributor's votes count no longer, Reinstate again.
type Discount struct {
	Contributor domain.ContributorID
	Reason      string
}

// Reinstate makes a contributor's votes count again.
type Reinstate struct {
	Contributor domain.ContributorID
	Reason      string
}

// Settle tests every condition again: the policy has changed.
type Settle struct{}

func (Assign) treeCommand()          {}
func (Acknowledge) treeCommand()     {}
func (Decline) treeCommand()         {}
func (Close) treeCommand()           {}
func (SubmitText) treeCommand()      {}
func (SubmitLabels) treeCommand()    {}
func (SubmitRanking) treeCommand()   {}
func (SetLabels) treeCommand()       {}
func (React) treeCommand()           {}
func (ResolveReport) treeCommand()   {}
func (Delete) treeCommand()          {}
func (DeleteAuthored) treeCommand()  {}
func (Restore) treeCommand()         {}
func (RestoreAuthored) treeCommand() {}
func (Edit) treeCommand()            {}
func (Halt) treeCommand()            {}
func (Resume) treeCommand()          {}
func (HaltPrompt) treeCommand()      {}
func (Win) treeCommand()             {}
func (Activate) treeCommand()        {}
func (Import) treeCommand()          {}
func (RetryScoring) treeCommand()    {}
func (RecordScores) treeCommand()    {}
func (Discount) treeCommand()        {}
func (Reinstate) treeCommand()       {}
func (Settle) treeCommand()          {}
