package locator

import (
	"context"
	"time"

	"dendro/domain"
)

// TableTasks is the table of tasks that can still be submitted, or were until
// a day ago.
const TableTasks = "locator_tasks"

// Task tells where a task is and what it was given for. Key: ID; found also by
// Client and FrontendID once acknowledged (the newest that took the id). It is
// gone a day after Expires.
type Task struct {
	ID          domain.TaskID
	Tree        domain.TreeID
	Kind        domain.TaskKind
	Message     domain.MessageID // see tree.TaskAssigned
	Client      domain.ClientID
	Contributor domain.ContributorID
	Collective  bool
	FrontendID  string // "" until acknowledged
	Over        bool   // done, declined or closed
	Expires     time.Time
}

// Table implements projections.Row.
func (*Task) Table() string { return TableTasks }

// Reader finds tasks. What is not there is nil, and no error.
type Reader interface {
	Task(ctx context.Context, id domain.TaskID) (*Task, error)
	TaskByFrontend(ctx context.Context, client domain.ClientID, frontendID string) (*Task, error)
}
