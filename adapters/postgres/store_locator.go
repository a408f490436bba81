package postgres

import (
	"context"
	"time"

	"dendro/domain"
	"dendro/projections/locator"
)

type task = locator.Task

var tasksTable = newTable("tasks", []string{"id"},
	uuidOf("id", func(t *task) *domain.TaskID { return &t.ID }),
	uuidOf("tree", func(t *task) *domain.TreeID { return &t.Tree }),
	uuidOf("message", func(t *task) *domain.MessageID { return &t.Message }),
	uuidOf("client", func(t *task) *domain.ClientID { return &t.Client }),
	uuidOf("contributor", func(t *task) *domain.ContributorID { return &t.Contributor }),
	timeOf("expires", func(t *task) *time.Time { return &t.Expires }),
	boolOf("collective", func(t *task) *bool { return &t.Collective }),
	boolOf("over", func(t *task) *bool { return &t.Over }),
	textOf("kind", func(t *task) *domain.TaskKind { return &t.Kind }),
	textOf("frontend_id", func(t *task) *string { return &t.FrontendID }),
)

// Task implements locator.Reader.
func (s *Store) Task(ctx context.Context, id domain.TaskID) (*locator.Task, error) {
	return rowOf(ctx, s, tasksTable, " WHERE id = $1", [16]byte(id))
}

// TaskByFrontend implements locator.Reader.
func (s *Store) TaskByFrontend(ctx context.Context, client domain.ClientID, frontendID string) (*locator.Task, error) {
	return rowOf(ctx, s, tasksTable, " WHERE frontend_id = $1 AND frontend_id <> '' AND client = $2 ORDER BY id DESC LIMIT 1",
		quote(frontendID), [16]byte(client))
}
