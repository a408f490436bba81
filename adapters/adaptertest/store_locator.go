package adaptertest

import (
	"time"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/locator"
)

var locatorTests = []storeTest{
	{"a task is found by its id", (*storeSuite).tasks},
	{"a task is found by its frontend's id", (*storeSuite).tasksByFrontend},
	{"tasks are those of a model", (*storeSuite).tasksModel},
}

func (s *storeSuite) tasks() {
	full := &locator.Task{
		ID: domain.TaskID{1}, Tree: domain.TreeID{2}, Kind: domain.TaskLabelAssistantReply, Message: domain.MessageID{3},
		Client: domain.ClientID{4}, Contributor: domain.ContributorID{5}, Collective: true,
		FrontendID: "dïscord/1'\"\\%_", Over: true, Expires: storeEra,
	}
	bare := &locator.Task{ID: domain.TaskID{2}, Tree: domain.TreeID{2}, Kind: domain.TaskInitialPrompt, Expires: storeEra}
	s.put(full, bare)
	answer(s.store.Task(s.ctx, full.ID)).is(s, "a task with all fields", full)
	answer(s.store.Task(s.ctx, bare.ID)).is(s, "a task with few fields", bare)
	answer(s.store.Task(s.ctx, domain.TaskID{3})).is(s, "no task", nil)
	answer(s.store.TaskByFrontend(s.ctx, full.Client, full.FrontendID)).is(s, "a task by its frontend's id", full)
}

func (s *storeSuite) tasksByFrontend() {
	mine, other := domain.ClientID{1}, domain.ClientID{2}
	bound := func(id byte, client domain.ClientID, frontend string) *locator.Task {
		return &locator.Task{ID: domain.TaskID{15: id}, Client: client, FrontendID: frontend, Expires: storeEra}
	}
	finds := func(what string, client domain.ClientID, frontend string, want *locator.Task) {
		s.Helper()
		answer(s.store.TaskByFrontend(s.ctx, client, frontend)).is(s, what, want)
	}
	first, second := bound(1, mine, "a"), bound(2, mine, "a")
	s.put(second, bound(3, mine, ""), bound(4, other, "a"), bound(5, mine, "b"))
	finds("its only task", mine, "a", second)
	finds("an id that nobody took", mine, "A", nil)
	finds("no id", mine, "", nil)
	finds("another client's", domain.ClientID{3}, "a", nil)
	s.put(first)
	finds("the newest, though it was put before", mine, "a", second)
	s.commit(projections.Remove(&locator.Task{ID: second.ID}))
	finds("an older one when the newest is gone", mine, "a", first)
	s.put(bound(1, mine, "c"))
	finds("one that has another id now", mine, "a", nil)
	finds("its other id", mine, "c", bound(1, mine, "c"))
	s.put(bound(1, mine, ""))
	finds("one that has no id any more", mine, "c", nil)
}

func (s *storeSuite) tasksModel() {
	rows := model[domain.TaskID, *locator.Task]{}
	clients, frontends := []domain.ClientID{{1}, {2}}, []string{"", "a", "b"}
	draw := func() projections.Change {
		id := domain.TaskID{15: byte(s.dice.Below(8))}
		row := &locator.Task{
			ID: id, Client: clients[s.dice.Below(2)], FrontendID: frontends[s.dice.Below(3)],
			Over: s.dice.Chance(1, 2), Expires: storeEra.Add(time.Duration(s.dice.Below(100)) * time.Hour),
		}
		return rows.draw(s, id, &locator.Task{ID: id}, row)
	}
	s.rounds(draw, func() {
		for n := range 8 {
			id := domain.TaskID{15: byte(n)}
			answer(s.store.Task(s.ctx, id)).is(s, "Task", rows[id])
		}
		for _, client := range clients {
			for _, frontend := range frontends {
				var want *locator.Task
				for _, r := range rows {
					if r.Client == client && r.FrontendID == frontend && frontend != "" && (want == nil || want.ID.Compare(r.ID) < 0) {
						want = r
					}
				}
				answer(s.store.TaskByFrontend(s.ctx, client, frontend)).is(s, "TaskByFrontend", want)
			}
		}
	})
}
