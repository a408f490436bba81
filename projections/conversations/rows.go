package conversations

import (
	"time"

	"dendro/domain"
	"dendro/domain/tree"
)

// The tables.
const (
	TableTrees     = "conversation_trees"
	TableMessages  = "conversation_messages"
	TableReactions = "conversation_reactions"
	TableRevisions = "conversation_revisions"
)

// Tree is a conversation tree that has a prompt. Key: ID.
type Tree struct {
	ID               domain.TreeID
	Language         string
	State            domain.TreeState
	Goal             int // this and the limits are 0 for imported trees: they grew elsewhere
	MaxDepth         int
	MaxChildren      int
	Origin           string    // of an imported tree
	Depth            int       // of the deepest undeleted message
	Count            int       // undeleted messages
	Oldest, Youngest time.Time // of the undeleted messages; zero without any
}

// Message is one message as it is now. Key: ID; found also by Client and
// FrontendID, where FrontendID is set. Only Text and what stands below Created
// ever change.
type Message struct {
	ID         domain.MessageID
	Tree       domain.TreeID
	Parent     domain.MessageID // zero for a root
	Author     domain.ContributorID
	Client     domain.ClientID // zero for imported messages
	Task       domain.TaskID   // zero for imported messages
	FrontendID string
	Role       domain.Role
	Text       string
	Language   string
	Depth      int
	Created    time.Time
	Result     tree.Result
	Reviews    int // that count: of the present text, of no discounted contributor
	Rankings   int // that this reply was part of, of no discounted contributor, not "not rankable"
	Ranked     bool
	Rank       int // 0 is best
	Deleted    bool
	Edited     bool
	Synthetic  bool
	Model      string
	Emojis     []tree.EmojiCount // counts above 0, in the order of domain.Emojis
}

// Reaction is the set of emojis that a contributor has on a message. Key:
// Message and By. It is gone when the set is empty.
type Reaction struct {
	Message domain.MessageID
	By      domain.ContributorID
	Emojis  uint16 // bits by domain.Emoji.Index
}

// Revision is one text that a message had or has; only edited messages have
// any, from the text as posted on. Key: Message and Number.
type Revision struct {
	Message domain.MessageID
	Number  int // 0 is the text as posted
	Text    string
	Event   domain.EventID // that brought the text
	Actor   domain.Actor   // who edited it; of number 0 its author, none when not known
	Created time.Time
}

// Table implements projections.Row.
func (*Tree) Table() string { return TableTrees }

// Table implements projections.Row.
func (*Message) Table() string { return TableMessages }

// Table implements projections.Row.
func (*Reaction) Table() string { return TableReactions }

// Table implements projections.Row.
func (*Revision) Table() string { return TableRevisions }
