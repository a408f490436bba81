package memory

import (
	"cmp"
	"context"

	"github.com/tidwall/btree"

	"dendro/domain"
	"dendro/projections/locator"
)

// taskRows keeps the locator's rows.
type taskRows struct {
	byID       map[domain.TaskID]*locator.Task
	byFrontend *btree.BTreeG[*locator.Task] // those that have a frontend's id, see beforeTask
}

func newTaskRows() taskRows {
	return taskRows{
		byID:       map[domain.TaskID]*locator.Task{},
		byFrontend: btree.NewBTreeGOptions(beforeTask, btree.Options{NoLocks: true}),
	}
}

// beforeTask orders tasks by client, frontend's id, then their own.
func beforeTask(a, b *locator.Task) bool {
	return cmp.Or(a.Client.Compare(b.Client), cmp.Compare(a.FrontendID, b.FrontendID), a.ID.Compare(b.ID)) < 0
}

func (t *taskRows) put(row *locator.Task, gone bool) {
	if old := t.byID[row.ID]; old != nil && old.FrontendID != "" {
		t.byFrontend.Delete(old)
	}
	if gone {
		delete(t.byID, row.ID)
		return
	}
	t.byID[row.ID] = row
	if row.FrontendID != "" {
		t.byFrontend.Set(row)
	}
}

// Task implements locator.Reader.
func (s *Store) Task(_ context.Context, id domain.TaskID) (*locator.Task, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tasks.byID[id], nil
}

// TaskByFrontend implements locator.Reader.
func (s *Store) TaskByFrontend(_ context.Context, client domain.ClientID, frontendID string) (*locator.Task, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	last := &locator.Task{Client: client, FrontendID: frontendID, ID: greatestID[domain.TaskID]()}
	var found *locator.Task
	s.tasks.byFrontend.Descend(last, func(t *locator.Task) bool {
		if t.Client == client && t.FrontendID == frontendID {
			found = t
		}
		return false
	})
	return found, nil
}

// greatestID is the last id in the order of ids.
func greatestID[ID ~[16]byte]() (id ID) {
	for i := range id {
		id[i] = 0xff
	}
	return id
}
