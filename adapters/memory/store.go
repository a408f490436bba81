package memory

import (
	"context"
	"fmt"
	"sync"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/locator"
	"dendro/projections/moderation"
	"dendro/projections/statistics"
)

var (
	_ projections.Store    = (*Store)(nil)
	_ conversations.Reader = (*Store)(nil)
	_ locator.Reader       = (*Store)(nil)
	_ contributors.Reader  = (*Store)(nil)
	_ boards.Reader        = (*Store)(nil)
	_ agreement.Reader     = (*Store)(nil)
	_ moderation.Reader    = (*Store)(nil)
	_ statistics.Reader    = (*Store)(nil)
)

// Store keeps all views in memory, with an index for every question that the
// Readers answer. Make it with NewStore.
type Store struct {
	mu    sync.RWMutex
	cut   domain.Cut
	moved chan struct{} // closed and replaced whenever the cut moves

	conversations conversationRows
	tasks         taskRows
	accounts      accountRows
	deeds         deedRows
	flags         flagRows
	counts        countRows
	agreement     agreementRows
}

// NewStore makes an empty store for the views of a log.
func NewStore(id domain.Identity) *Store {
	return &Store{
		cut: id.Start(), moved: make(chan struct{}),
		conversations: newConversationRows(), tasks: newTaskRows(), accounts: newAccountRows(),
		deeds: newDeedRows(), flags: newFlagRows(), counts: newCountRows(), agreement: newAgreementRows(),
	}
}

// Cut implements projections.Store.
func (s *Store) Cut(context.Context) (domain.Cut, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.cut.Clone(), nil
}

// Commit implements projections.Store.
func (s *Store) Commit(_ context.Context, changes []projections.Change, from, to domain.Cut) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.cut.Equal(from) {
		return fmt.Errorf("%w: it is at %s, the changes continue %s", projections.ErrMoved, s.cut, from)
	}
	for i := range changes {
		if !keeps(changes[i].Row) {
			return fmt.Errorf("this store knows no table %s", changes[i].Row.Table())
		}
	}
	for _, c := range changes {
		s.apply(c)
	}
	s.cut = to.Clone()
	close(s.moved)
	s.moved = make(chan struct{})
	return nil
}

func keeps(row projections.Row) bool {
	switch row.(type) {
	case *conversations.Tree, *conversations.Message, *conversations.Reaction, *conversations.Revision,
		*locator.Task, *contributors.Contributor, *boards.Deed, *moderation.Flag, *moderation.Report, *moderation.Entry,
		*statistics.Messages, *statistics.Trees, *statistics.Consents,
		*agreement.Rater, *agreement.Everybody:
		return true
	}
	return false
}

func (s *Store) apply(c projections.Change) {
	switch row := c.Row.(type) {
	case *conversations.Tree:
		s.conversations.tree(row, c.Gone)
	case *conversations.Message:
		s.conversations.message(row, c.Gone)
	case *conversations.Reaction:
		s.conversations.reaction(row, c.Gone)
	case *conversations.Revision:
		s.conversations.revision(row, c.Gone)
	case *locator.Task:
		s.tasks.put(row, c.Gone)
	case *contributors.Contributor:
		s.accounts.put(row, c.Gone)
	case *boards.Deed:
		s.deeds.put(row, c.Gone)
	case *moderation.Flag:
		s.flags.flag(row, c.Gone)
	case *moderation.Report:
		s.flags.report(row, c.Gone)
	case *moderation.Entry:
		s.flags.entry(row, c.Gone)
	case *statistics.Messages:
		s.counts.messages(row, c.Gone)
	case *statistics.Trees:
		s.counts.trees(row, c.Gone)
	case *statistics.Consents:
		s.counts.consents(row, c.Gone)
	case *agreement.Rater:
		s.agreement.rater(row, c.Gone)
	case *agreement.Everybody:
		s.agreement.all(row, c.Gone)
	}
}

// Await implements projections.Store.
func (s *Store) Await(ctx context.Context, at domain.Cut) error {
	for {
		s.mu.RLock()
		cut, moved := s.cut, s.moved
		s.mu.RUnlock()
		switch {
		case at.Within(cut):
			return nil
		case at.Log != cut.Log || len(at.End) != len(cut.End):
			return fmt.Errorf("%w: it is %s, the views are at %s", domain.ErrForeignCut, at, cut)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
