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
// Client and FrontendID once acknowledged. It is gone when its partition's
// events are Keep past Expires.
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

// Keep is how long a task is still found after it expired.
const Keep = 24 * time.Hour

// Table implements projections.Row.
func (*Task) Table() string { return TableTasks }

// Reader finds tasks. What is not there is nil, and no error.
type Reader interface {
	Task(ctx context.Context, id domain.TaskID) (*Task, error)
	// TaskByFrontend gives the newest of the client's tasks that the frontend's
	// id was bound to: the one with the greatest ID, so that the answer does not
	// depend on how partitions interleave. No task has the frontend's id "".
	TaskByFrontend(ctx context.Context, client domain.ClientID, frontendID string) (*Task, error)
}
