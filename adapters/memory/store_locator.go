package memory

import (
	"context"
	"slices"

	"dendro/domain"
	"dendro/projections/locator"
)

// taskRows keeps the locator's rows.
type taskRows struct {
	byID  map[domain.TaskID]*locator.Task
	bound map[binding][]*locator.Task // by id; mostly one
}

// binding is what a frontend calls a task.
type binding struct {
	client     domain.ClientID
	frontendID string
}

func newTaskRows() taskRows {
	return taskRows{byID: map[domain.TaskID]*locator.Task{}, bound: map[binding][]*locator.Task{}}
}

func (t *taskRows) put(row *locator.Task, gone bool) {
	old := t.byID[row.ID]
	if old != nil && (gone || old.FrontendID != row.FrontendID || old.Client != row.Client) {
		t.unbind(old)
	}
	if gone {
		delete(t.byID, row.ID)
		return
	}
	t.byID[row.ID] = row
	if row.FrontendID != "" {
		t.bind(row)
	}
}

func compareTask(t *locator.Task, id domain.TaskID) int { return t.ID.Compare(id) }

func (t *taskRows) bind(row *locator.Task) {
	to := binding{row.Client, row.FrontendID}
	list := t.bound[to]
	i, there := slices.BinarySearchFunc(list, row.ID, compareTask)
	if there {
		list[i] = row
		return
	}
	t.bound[to] = slices.Insert(list, i, row)
}

func (t *taskRows) unbind(row *locator.Task) {
	from := binding{row.Client, row.FrontendID}
	list := t.bound[from]
	i, there := slices.BinarySearchFunc(list, row.ID, compareTask)
	switch {
	case there && len(list) == 1:
		delete(t.bound, from)
	case there:
		t.bound[from] = slices.Delete(list, i, i+1)
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
	list := s.tasks.bound[binding{client, frontendID}]
	if len(list) == 0 {
		return nil, nil
	}
	return list[len(list)-1], nil
}
