package conversations

import (
	"context"
	"time"

	"dendro/domain"
)

// Reader answers what the API asks about conversations. What is not there is
// nil, and no error. Nobody changes what it gives.
type Reader interface {
	Message(ctx context.Context, id domain.MessageID) (*Message, error)
	// MessageByFrontend finds a message by the id that its client's frontend
	// gave it: the first by creation time, then id, when it gave it twice.
	MessageByFrontend(ctx context.Context, client domain.ClientID, frontendID string) (*Message, error)
	// MessagesByID gives messages in the order of ids, nil where one is not known.
	MessagesByID(ctx context.Context, ids []domain.MessageID) ([]*Message, error)
	Tree(ctx context.Context, id domain.TreeID) (*Tree, error)
	// TreesByID gives trees in the order of ids, nil where one is not known.
	TreesByID(ctx context.Context, ids []domain.TreeID) ([]*Tree, error)
	// TreeMessages gives all messages of a tree, deleted ones too, by creation
	// time, then id.
	TreeMessages(ctx context.Context, id domain.TreeID) ([]*Message, error)
	// Messages gives the messages that the query takes, in its order.
	Messages(ctx context.Context, q Query) ([]*Message, error)
	// Trees gives all trees, or those in an active state, by id.
	Trees(ctx context.Context, onlyActive bool) ([]*Tree, error)
	// Reactions gives the sets of emojis that a contributor has on messages, in
	// their order; 0 where there is none.
	Reactions(ctx context.Context, by domain.ContributorID, on []domain.MessageID) ([]uint16, error)
	// Revisions gives the texts of an edited message, oldest first; none when
	// it never was edited.
	Revisions(ctx context.Context, id domain.MessageID) ([]*Revision, error)
}

// Query chooses messages. The zero value of a field does not limit.
type Query struct {
	Authors  []domain.ContributorID // any of them; nil: all
	Client   domain.ClientID
	Language string    // without regard to case
	Roots    bool      // prompts only
	Deleted  bool      // deleted messages too
	Search   string    // the text has all its terms, both read by the rules of the message's language: see package terms
	From, To time.Time // created at or after From, before or at To
	After    *Key      // later than that, whatever Desc says; exclusive
	Before   *Key      // earlier than that, whatever Desc says; exclusive
	Desc     bool      // newest first
	Max      int       // at most so many, at least 1
}

// Key is a place in the order of messages by creation time, then id. A Key
// without id stands, in either direction, outside of all messages of its
// instant: as After or Before it lets them in.
type Key struct {
	Created time.Time
	ID      domain.MessageID // zero: none
}
