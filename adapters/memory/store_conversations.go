package memory

import (
	"context"
	"slices"
	"strings"

	"github.com/tidwall/btree"

	"dendro/domain"
	"dendro/projections/conversations"
	"dendro/projections/terms"
)

// conversationRows keeps every message once, as an entry, and puts that into
// the indexes: a row that takes another's place leaves them as they are.
type conversationRows struct {
	trees     map[domain.TreeID]*conversations.Tree
	active    map[domain.TreeID]*conversations.Tree
	messages  map[domain.MessageID]*messageEntry
	reactions map[domain.MessageID][]*conversations.Reaction // by contributor
	revisions map[domain.MessageID][]*conversations.Revision // by number

	inTree map[domain.TreeID][]*messageEntry // in order
	all    *messageIndex
	by     map[domain.ContributorID]*messageIndex
	in     map[string]*messageIndex // by lower-cased language
	of     map[domain.ClientID]*frontend
	words  wordIndex
}

// frontend has the messages of one client.
type frontend struct {
	*messageIndex
	byID map[string]*messageEntry // by the frontend's own ids
}

// messageEntry is the place of one message. Its order never changes, its row does.
type messageEntry struct {
	at     int64 // see messagePlace
	row    *conversations.Message
	number uint32 // in the index of words
	reads  terms.Stemmer
}

func entryOf(row *conversations.Message) *messageEntry {
	return &messageEntry{at: row.Created.UnixMicro(), row: row, reads: terms.StemmerOf(row.Language)}
}

func (e *messageEntry) place() messagePlace { return messagePlace{e.at, e.row.ID} }

func (e *messageEntry) before(o *messageEntry) bool {
	return e.at < o.at || e.at == o.at && e.row.ID.Compare(o.row.ID) < 0
}

func (e *messageEntry) compare(o *messageEntry) int {
	switch {
	case e.before(o):
		return -1
	case o.before(e):
		return 1
	}
	return 0
}

// messageIndex has messages in order.
type messageIndex = btree.BTreeG[*messageEntry]

func newMessageIndex() *messageIndex {
	// The store's own lock guards it.
	return btree.NewBTreeGOptions((*messageEntry).before, btree.Options{NoLocks: true})
}

func newConversationRows() conversationRows {
	return conversationRows{
		trees: map[domain.TreeID]*conversations.Tree{}, active: map[domain.TreeID]*conversations.Tree{},
		messages:  map[domain.MessageID]*messageEntry{},
		reactions: map[domain.MessageID][]*conversations.Reaction{},
		revisions: map[domain.MessageID][]*conversations.Revision{},
		inTree:    map[domain.TreeID][]*messageEntry{},
		all:       newMessageIndex(), by: map[domain.ContributorID]*messageIndex{}, in: map[string]*messageIndex{},
		of: map[domain.ClientID]*frontend{}, words: newWordIndex(),
	}
}

func (c *conversationRows) tree(row *conversations.Tree, gone bool) {
	delete(c.trees, row.ID)
	delete(c.active, row.ID)
	if gone {
		return
	}
	c.trees[row.ID] = row
	if row.State.Active() {
		c.active[row.ID] = row
	}
}

func (c *conversationRows) message(row *conversations.Message, gone bool) {
	e := c.messages[row.ID]
	switch {
	case gone && e != nil:
		c.forget(e)
	case gone:
	case e != nil:
		was := e.row.Text
		e.row = row
		if was != row.Text {
			c.words.change(e, was)
		}
	default:
		c.remember(entryOf(row))
	}
}

// remember puts an entry into every index.
func (c *conversationRows) remember(e *messageEntry) {
	c.messages[e.row.ID] = e
	list := c.inTree[e.row.Tree]
	i, _ := slices.BinarySearchFunc(list, e, (*messageEntry).compare)
	c.inTree[e.row.Tree] = slices.Insert(list, i, e)
	c.all.Set(e)
	messagesOf(c.by, e.row.Author).Set(e)
	messagesOf(c.in, strings.ToLower(e.row.Language)).Set(e)
	f := c.of[e.row.Client]
	if f == nil {
		f = &frontend{newMessageIndex(), map[string]*messageEntry{}}
		c.of[e.row.Client] = f
	}
	f.Set(e)
	f.name(e)
	c.words.add(e)
}

func messagesOf[K comparable](of map[K]*messageIndex, key K) *messageIndex {
	if of[key] == nil {
		of[key] = newMessageIndex()
	}
	return of[key]
}

// name lets an entry be found by its frontend's id, unless an earlier one is.
func (f *frontend) name(e *messageEntry) {
	id := e.row.FrontendID
	if first := f.byID[id]; id != "" && (first == nil || e.before(first)) {
		f.byID[id] = e
	}
}

// forget takes an entry out of every index.
func (c *conversationRows) forget(e *messageEntry) {
	c.words.remove(e)
	delete(c.messages, e.row.ID)
	list := c.inTree[e.row.Tree]
	i, _ := slices.BinarySearchFunc(list, e, (*messageEntry).compare)
	c.inTree[e.row.Tree] = slices.Delete(list, i, i+1)
	c.all.Delete(e)
	c.by[e.row.Author].Delete(e)
	c.in[strings.ToLower(e.row.Language)].Delete(e)
	f := c.of[e.row.Client]
	f.Delete(e)
	if id := e.row.FrontendID; f.byID[id] == e {
		delete(f.byID, id)
		f.Scan(func(other *messageEntry) bool { // folds never take messages away: it may cost
			if other.row.FrontendID == id {
				f.name(other)
			}
			return f.byID[id] == nil
		})
	}
}

func (c *conversationRows) reaction(row *conversations.Reaction, gone bool) {
	putInto(c.reactions, row.Message, row, gone, byContributor)
}

func byContributor(a, b *conversations.Reaction) int { return a.By.Compare(b.By) }

func (c *conversationRows) revision(row *conversations.Revision, gone bool) {
	putInto(c.revisions, row.Message, row, gone, byNumber)
}

func byNumber(a, b *conversations.Revision) int { return a.Number - b.Number }

// putInto puts a row into the sorted list of its message, or takes the one with
// its key out.
func putInto[R any](lists map[domain.MessageID][]*R, of domain.MessageID, row *R, gone bool, order func(a, b *R) int) {
	list := lists[of]
	i, there := slices.BinarySearchFunc(list, row, order)
	switch {
	case gone && there && len(list) == 1:
		delete(lists, of)
	case gone && there:
		lists[of] = slices.Delete(list, i, i+1)
	case gone:
	case there:
		list[i] = row
	default:
		lists[of] = slices.Insert(list, i, row)
	}
}

// Message implements conversations.Reader.
func (s *Store) Message(_ context.Context, id domain.MessageID) (*conversations.Message, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.conversations.messages[id].message(), nil
}

// MessageByFrontend implements conversations.Reader.
func (s *Store) MessageByFrontend(_ context.Context, client domain.ClientID, frontendID string) (*conversations.Message, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if f := s.conversations.of[client]; f != nil {
		return f.byID[frontendID].message(), nil
	}
	return nil, nil
}

func (e *messageEntry) message() *conversations.Message {
	if e == nil {
		return nil
	}
	return e.row
}

// Tree implements conversations.Reader.
func (s *Store) Tree(_ context.Context, id domain.TreeID) (*conversations.Tree, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.conversations.trees[id], nil
}

// MessagesByID implements conversations.Reader.
func (s *Store) MessagesByID(_ context.Context, ids []domain.MessageID) ([]*conversations.Message, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*conversations.Message, len(ids))
	for i, id := range ids {
		out[i] = s.conversations.messages[id].message()
	}
	return out, nil
}

// TreesByID implements conversations.Reader.
func (s *Store) TreesByID(_ context.Context, ids []domain.TreeID) ([]*conversations.Tree, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*conversations.Tree, len(ids))
	for i, id := range ids {
		out[i] = s.conversations.trees[id]
	}
	return out, nil
}

// TreeMessages implements conversations.Reader.
func (s *Store) TreeMessages(_ context.Context, id domain.TreeID) ([]*conversations.Message, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*conversations.Message
	for _, e := range s.conversations.inTree[id] {
		out = append(out, e.row)
	}
	return out, nil
}

// Trees implements conversations.Reader.
func (s *Store) Trees(_ context.Context, onlyActive bool) ([]*conversations.Tree, error) {
	out := s.someTrees(onlyActive)
	slices.SortFunc(out, func(a, b *conversations.Tree) int { return a.ID.Compare(b.ID) })
	return out, nil
}

func (s *Store) someTrees(onlyActive bool) (out []*conversations.Tree) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	from := s.conversations.trees
	if onlyActive {
		from = s.conversations.active
	}
	out = make([]*conversations.Tree, 0, len(from))
	for _, t := range from {
		out = append(out, t)
	}
	return out
}

// Reactions implements conversations.Reader.
func (s *Store) Reactions(_ context.Context, by domain.ContributorID, on []domain.MessageID) ([]uint16, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]uint16, len(on))
	for i, id := range on {
		list := s.conversations.reactions[id]
		if at, there := slices.BinarySearchFunc(list, &conversations.Reaction{By: by}, byContributor); there {
			out[i] = list[at].Emojis
		}
	}
	return out, nil
}

// Revisions implements conversations.Reader.
func (s *Store) Revisions(_ context.Context, id domain.MessageID) ([]*conversations.Revision, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.conversations.revisions[id]), nil
}
