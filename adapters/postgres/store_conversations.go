package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/conversations"
	"dendro/projections/terms"
)

type (
	treeRow  = conversations.Tree
	message  = conversations.Message
	reaction = conversations.Reaction
	revision = conversations.Revision
)

var treesTable = newTable("trees", []string{"id"},
	uuidOf("id", func(t *treeRow) *domain.TreeID { return &t.ID }),
	timeOf("oldest", func(t *treeRow) *time.Time { return &t.Oldest }),
	timeOf("youngest", func(t *treeRow) *time.Time { return &t.Youngest }),
	integerOf("goal", func(t *treeRow) *int { return &t.Goal }),
	integerOf("max_depth", func(t *treeRow) *int { return &t.MaxDepth }),
	integerOf("max_children", func(t *treeRow) *int { return &t.MaxChildren }),
	integerOf("depth", func(t *treeRow) *int { return &t.Depth }),
	integerOf("count", func(t *treeRow) *int { return &t.Count }),
	textOf("language", func(t *treeRow) *string { return &t.Language }),
	textOf("state", func(t *treeRow) *domain.TreeState { return &t.State }),
	textOf("origin", func(t *treeRow) *string { return &t.Origin }),
)

var messagesTable = newTable("messages", []string{"id"},
	uuidOf("id", func(m *message) *domain.MessageID { return &m.ID }),
	uuidOf("tree", func(m *message) *domain.TreeID { return &m.Tree }),
	uuidOf("parent", func(m *message) *domain.MessageID { return &m.Parent }),
	uuidOf("author", func(m *message) *domain.ContributorID { return &m.Author }),
	uuidOf("client", func(m *message) *domain.ClientID { return &m.Client }),
	uuidOf("task", func(m *message) *domain.TaskID { return &m.Task }),
	instantOf("created", func(m *message) *time.Time { return &m.Created }),
	integerOf("depth", func(m *message) *int { return &m.Depth }),
	integerOf("result", func(m *message) *tree.Result { return &m.Result }),
	integerOf("reviews", func(m *message) *int { return &m.Reviews }),
	integerOf("rankings", func(m *message) *int { return &m.Rankings }),
	integerOf("rank", func(m *message) *int { return &m.Rank }),
	boolOf("ranked", func(m *message) *bool { return &m.Ranked }),
	boolOf("deleted", func(m *message) *bool { return &m.Deleted }),
	boolOf("edited", func(m *message) *bool { return &m.Edited }),
	boolOf("synthetic", func(m *message) *bool { return &m.Synthetic }),
	textOf("role", func(m *message) *domain.Role { return &m.Role }),
	textOf("language", func(m *message) *string { return &m.Language }),
	textMade("lang", func(m *message) string { return quote(strings.ToLower(m.Language)) }),
	textOf("model", func(m *message) *string { return &m.Model }),
	textOf("frontend_id", func(m *message) *string { return &m.FrontendID }),
	column[message]{"emojis", textKind, putEmojis, getEmojis},
	textOf("text", func(m *message) *string { return &m.Text }),
	textMade("reads", func(m *message) string { return terms.StemmerOf(m.Language).String() }),
	column[message]{name: "terms", kind: termsKind, put: putTerms},
)

var reactionsTable = newTable("reactions", []string{"message", "contributor"},
	uuidOf("message", func(r *reaction) *domain.MessageID { return &r.Message }),
	uuidOf("contributor", func(r *reaction) *domain.ContributorID { return &r.By }),
	integerOf("emojis", func(r *reaction) *uint16 { return &r.Emojis }),
)

var revisionsTable = newTable("revisions", []string{"message", "number"},
	uuidOf("message", func(r *revision) *domain.MessageID { return &r.Message }),
	integerOf("number", func(r *revision) *int { return &r.Number }),
	uuidOf("event", func(r *revision) *domain.EventID { return &r.Event }),
	timeOf("created", func(r *revision) *time.Time { return &r.Created }),
	textOf("actor_kind", func(r *revision) *domain.ActorKind { return &r.Actor.Kind }),
	textOf("actor", func(r *revision) *string { return &r.Actor.ID }),
	textOf("text", func(r *revision) *string { return &r.Text }),
)

// putEmojis writes "+1=3,red_flag=1".
func putEmojis(b []byte, m *message) []byte {
	var text []byte
	for i, e := range m.Emojis {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(text, e.Emoji...), '=')
		text = strconv.AppendInt(text, int64(e.Count), 10)
	}
	return putText(b, string(text))
}

var errEmojis = errors.New("these are no counts of emojis")

func getEmojis(raw []byte, m *message) error {
	m.Emojis = nil
	if len(raw) == 0 {
		return nil
	}
	for part := range strings.SplitSeq(string(raw), ",") {
		name, count, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(count)
		if err != nil {
			return fmt.Errorf("%w: %q", errEmojis, raw)
		}
		m.Emojis = append(m.Emojis, tree.EmojiCount{Emoji: domain.Emoji(name), Count: n})
	}
	return nil
}

// Message implements conversations.Reader.
func (s *Store) Message(ctx context.Context, id domain.MessageID) (*conversations.Message, error) {
	return rowOf(ctx, s, messagesTable, " WHERE id = $1", [16]byte(id))
}

// MessageByFrontend implements conversations.Reader.
func (s *Store) MessageByFrontend(ctx context.Context, client domain.ClientID, frontendID string) (*conversations.Message, error) {
	return rowOf(ctx, s, messagesTable, " WHERE frontend_id = $1 AND frontend_id <> '' AND client = $2 ORDER BY created, id LIMIT 1",
		quote(frontendID), [16]byte(client))
}

// TreeMessages implements conversations.Reader.
func (s *Store) TreeMessages(ctx context.Context, id domain.TreeID) ([]*conversations.Message, error) {
	return rowsOf(ctx, s, messagesTable, " WHERE tree = $1 ORDER BY created, id", [16]byte(id))
}

// Tree implements conversations.Reader.
func (s *Store) Tree(ctx context.Context, id domain.TreeID) (*conversations.Tree, error) {
	return rowOf(ctx, s, treesTable, " WHERE id = $1", [16]byte(id))
}

// MessagesByID implements conversations.Reader.
func (s *Store) MessagesByID(ctx context.Context, ids []domain.MessageID) ([]*conversations.Message, error) {
	rows, err := rowsOf(ctx, s, messagesTable, " WHERE id = ANY($1)", uuids(ids))
	return inOrderOf(ids, rows, func(m *conversations.Message) domain.MessageID { return m.ID }), err
}

// TreesByID implements conversations.Reader.
func (s *Store) TreesByID(ctx context.Context, ids []domain.TreeID) ([]*conversations.Tree, error) {
	rows, err := rowsOf(ctx, s, treesTable, " WHERE id = ANY($1)", uuids(ids))
	return inOrderOf(ids, rows, func(t *conversations.Tree) domain.TreeID { return t.ID }), err
}

// inOrderOf puts rows in the order of their ids, nil where there is none.
func inOrderOf[ID comparable, R any](ids []ID, rows []*R, of func(*R) ID) []*R {
	byID := make(map[ID]*R, len(rows))
	for _, row := range rows {
		byID[of(row)] = row
	}
	out := make([]*R, len(ids))
	for i, id := range ids {
		out[i] = byID[id]
	}
	return out
}

// Trees implements conversations.Reader.
func (s *Store) Trees(ctx context.Context, onlyActive bool) ([]*conversations.Tree, error) {
	if !onlyActive {
		return rowsOf(ctx, s, treesTable, " ORDER BY id")
	}
	return rowsOf(ctx, s, treesTable, " WHERE state = ANY($1) ORDER BY id", activeStates)
}

var activeStates = func() (active []string) {
	for _, state := range domain.TreeStates {
		if state.Active() {
			active = append(active, string(state))
		}
	}
	return active
}()

// Reactions implements conversations.Reader.
func (s *Store) Reactions(ctx context.Context, by domain.ContributorID, on []domain.MessageID) ([]uint16, error) {
	rows, err := rowsOf(ctx, s, reactionsTable, " WHERE contributor = $1 AND message = ANY($2)", [16]byte(by), uuids(on))
	if err != nil {
		return nil, err
	}
	sets := make(map[domain.MessageID]uint16, len(rows))
	for _, r := range rows {
		sets[r.Message] = r.Emojis
	}
	out := make([]uint16, len(on))
	for i, id := range on {
		out[i] = sets[id]
	}
	return out, nil
}

// Revisions implements conversations.Reader.
func (s *Store) Revisions(ctx context.Context, id domain.MessageID) ([]*conversations.Revision, error) {
	return rowsOf(ctx, s, revisionsTable, " WHERE message = $1 ORDER BY number", [16]byte(id))
}
