package boards

import (
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
)

// What a tree keeps of its tasks does not grow with how many it ever had.
func TestTasksAreForgotten(t *testing.T) {
	f := New()
	stream := domain.TreeStream(domain.TreeID{1})
	now := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	apply := func(e domain.Event) { f.Apply(&domain.Recorded{Stream: stream, Time: now, Payload: e}, nil) }
	most := 0
	for i := range byte(200) {
		now = now.Add(time.Minute)
		id := domain.TaskID{i}
		apply(tree.TaskAssigned{Task: id, Kind: domain.TaskLabelAssistantReply, Expires: now.Add(time.Hour), Collective: i%5 == 4})
		most = max(most, len(f.trees[stream].tasks))
		switch i % 5 {
		case 1:
			apply(tree.LabelsSubmitted{Task: id})
		case 2:
			apply(tree.TaskDeclined{Task: id})
		case 4:
			apply(tree.LabelsSubmitted{Task: id})
			apply(tree.TaskClosed{Task: id})
		}
	}
	if most < 20 || most > 40 { // two in five are left to expire, an hour's worth of which is 24
		t.Errorf("a tree kept %d tasks", most)
	}
	now = now.Add(time.Hour)
	last := domain.TaskID{255}
	apply(tree.TaskAssigned{Task: last, Kind: domain.TaskLabelAssistantReply, Expires: now.Add(time.Hour)})
	apply(tree.TaskDeclined{Task: last})
	if f.trees[stream].tasks != nil {
		t.Error("a tree keeps room for tasks that are over")
	}
	apply(tree.TaskAssigned{Task: domain.TaskID{254}, Kind: domain.TaskAssistantReply, Expires: now.Add(time.Hour)})
	if f.trees[stream].tasks != nil {
		t.Error("a reply task is kept")
	}
}
