package commands

import (
	"sync"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// facts is a view of all partitions, folded from committed events only: what
// a command must know before it reaches its partition. Where a thing lives
// (the locator), a contributor's standing, the policy in force.
type facts struct {
	mu           sync.RWMutex
	trees        map[domain.TreeID]domain.PoolID
	tasks        map[domain.TaskID]domain.TreeID
	messages     map[domain.MessageID]domain.TreeID
	contributors map[domain.ContributorID]contributor.State
	campaign     campaign.State
	pools        map[domain.PoolID]int // policy revision in force there
	languages    languages
	configured   domain.EventID                          // the newest policy's
	decided      map[domain.ContributorID]domain.EventID // the newest about a standing
}

func newFacts() *facts {
	return &facts{
		trees: map[domain.TreeID]domain.PoolID{}, tasks: map[domain.TaskID]domain.TreeID{},
		messages: map[domain.MessageID]domain.TreeID{}, contributors: map[domain.ContributorID]contributor.State{},
		pools: map[domain.PoolID]int{}, languages: languages{},
		decided: map[domain.ContributorID]domain.EventID{},
	}
}

// learn folds committed events.
func (f *facts) learn(events []domain.Recorded) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range events {
		f.learnOne(&events[i])
	}
}

func (f *facts) learnOne(r *domain.Recorded) {
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		if id, ok := r.Stream.Tree(); ok {
			f.tasks[e.Task] = id
			f.trees[id] = f.poolOf(e.Language)
		}
	case tree.MessagePosted:
		if id, ok := r.Stream.Tree(); ok {
			f.messages[e.Message] = id
		}
	case tree.Imported:
		if id, ok := r.Stream.Tree(); ok {
			f.trees[id] = f.poolOf(e.Language)
			for _, m := range e.Messages {
				f.messages[m.Message] = id
			}
		}
	case pool.Opened:
		f.pools[domain.PoolID{Language: e.Language, Bucket: e.Bucket}] = e.Revision
		f.languages.meet(e.Language)
	case pool.Configured:
		if id, ok := r.Stream.Pool(); ok {
			f.pools[id] = e.Revision
		}
	case campaign.Configured, campaign.ClientRegistered, campaign.ClientRevoked:
		f.campaign = campaign.Evolve(f.campaign, r.Payload, r.Time)
		if _, policy := r.Payload.(campaign.Configured); policy {
			f.configured = r.ID
		}
	case contributor.Registered, contributor.Consented, contributor.Updated, contributor.Disabled,
		contributor.Enabled, contributor.Merged, contributor.Erased:
		if id, ok := r.Stream.Contributor(); ok {
			f.contributors[id] = contributor.Evolve(f.contributors[id], r.Payload, r.Time)
			f.decided[id] = r.ID
		}
	}
}

// adopt takes in a whole partition's state; again, too.
func (f *facts) adopt(s *state) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, t := range s.trees {
		if t.pool != nil {
			f.trees[id] = t.pool.ID
		}
		for _, m := range t.Messages {
			f.messages[m.ID] = id
		}
		for _, task := range t.Tasks {
			f.tasks[task.Task] = id
		}
	}
	for id, p := range s.pools {
		if p.Opened {
			f.pools[id] = p.Revision
			f.languages.meet(id.Language)
		}
	}
	for id, c := range s.contributors {
		f.contributors[id], f.decided[id] = c.State, c.newest
	}
	if s.campaign.Revision > 0 || len(s.campaign.Clients) > 0 {
		f.campaign, f.configured = s.campaign, s.configured
	}
}

// poolOf is the pool of a language: one bucket each.
func (f *facts) poolOf(language string) domain.PoolID { return domain.PoolID{Language: language} }

// forget drops tasks that can no longer be submitted, and trees that never
// came to be.
func (f *facts) forget(tasks []domain.TaskID, trees []domain.TreeID) {
	if len(tasks)+len(trees) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range tasks {
		delete(f.tasks, id)
	}
	for _, id := range trees {
		delete(f.trees, id)
	}
}

// locate finds a tree's pool, by the tree itself, a task or a message.
func (f *facts) locate(id domain.TreeID, by reference) (domain.TreeID, domain.PoolID, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var known bool
	switch {
	case !id.IsZero():
		known = true
	case !by.task.IsZero():
		if id, known = f.tasks[by.task]; !known {
			return id, domain.PoolID{}, domain.Refuse(domain.UnknownTask, "there is no task %s, or it expired long ago; ask for a new one", by.task)
		}
	default:
		if id, known = f.messages[by.message]; !known {
			return id, domain.PoolID{}, domain.Refuse(domain.UnknownMessage, "there is no message %s", by.message)
		}
	}
	at, ok := f.trees[id]
	if !ok {
		return id, at, domain.Refuse(domain.UnknownTree, "there is no tree %s", id)
	}
	return id, at, nil
}

// standing gives the terms that a contributor works under, or why not.
func (f *facts) standing(id domain.ContributorID, terms string) (string, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	s := f.contributors[id]
	return s.Terms, s.Standing(terms)
}

func (f *facts) policy() (campaign.State, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.campaign, f.campaign.Revision > 0
}
