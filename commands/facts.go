package commands

import (
	"slices"
	"sync"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// facts is a view of all partitions, folded from committed events only: what
// a command must know before it reaches its partition. Where a thing lives
// (the locator), a contributor's standing, the policy in force.
//
// Events come from the writers here, as they commit, and, in a Partial engine,
// from the log too. Each is folded once, in order: at tells what is known.
type facts struct {
	mu           sync.RWMutex
	grown        *sync.Cond // of mu: at has moved, or nothing more will come
	at           domain.Cut
	late         error // why nothing comes from the log at present
	stopped      error // why nothing more will
	alone        bool  // no other node names languages
	trees        map[domain.TreeID]domain.PoolID
	tasks        map[domain.TaskID]domain.TreeID
	messages     map[domain.MessageID]domain.TreeID
	contributors map[domain.ContributorID]contributor.State
	campaign     campaign.State
	pools        map[domain.PoolID]int // policy revision in force there
	languages    languages
	configured   domain.EventID                          // the newest policy's
	decided      map[domain.ContributorID]domain.EventID // the newest from which something follows in trees
	open         []openTasks                             // by partition
}

// openTasks are what of a partition will be forgotten, by time assigned.
type openTasks struct {
	expiry []expiry
	swept  time.Time // of the event at which forget last looked
}

func newFacts(id domain.Identity, alone bool) *facts {
	f := &facts{
		at: id.Start(), alone: alone, open: make([]openTasks, id.Partitions),
		trees: map[domain.TreeID]domain.PoolID{}, tasks: map[domain.TaskID]domain.TreeID{},
		messages: map[domain.MessageID]domain.TreeID{}, contributors: map[domain.ContributorID]contributor.State{},
		pools: map[domain.PoolID]int{}, languages: languages{},
		decided: map[domain.ContributorID]domain.EventID{},
	}
	f.grown = sync.NewCond(&f.mu)
	return f
}

// learn folds committed events that are not known yet, and reports whether
// there were any.
func (f *facts) learn(events []domain.Recorded) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range events {
		r := &events[i]
		if next := &f.at.End[r.Position.Partition]; *next == r.Position.Seq {
			*next++
			f.fold(r)
			f.forget(r.Position.Partition, r.Time)
			news = true
		}
	}
	f.grown.Broadcast()
	return news
}

func (f *facts) fold(r *domain.Recorded) {
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		if id, ok := r.Stream.Tree(); ok {
			f.tasks[e.Task] = id
			f.trees[id] = f.poolOf(e.Language)
			open := &f.open[r.Position.Partition]
			open.expiry = append(open.expiry, expiry{task: e.Task, tree: id, at: e.Expires.Add(graceAfterExpiry)})
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
	case campaign.Configured, campaign.PurgesConfigured, campaign.ClientRegistered, campaign.ClientRevoked:
		f.campaign = campaign.Evolve(f.campaign, r.Payload, r.Time)
		if _, policy := r.Payload.(campaign.Configured); policy {
			f.configured = r.ID
		}
	case contributor.Registered, contributor.Consented, contributor.Updated, contributor.Disabled,
		contributor.Enabled, contributor.Merged, contributor.Erased,
		contributor.PurgeProposed, contributor.PurgeOrdered, contributor.PurgeWithdrawn, contributor.PurgeReversed, contributor.PurgeCompleted:
		if id, ok := r.Stream.Contributor(); ok {
			f.contributors[id] = contributor.Evolve(f.contributors[id], r.Payload, r.Time)
			if asks(r.Payload) {
				f.decided[id] = r.ID
			}
		}
	}
}

// adopt takes in a whole partition's state, unless as much is known already.
func (f *facts) adopt(s *state) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.next <= f.at.End[s.partition] {
		return
	}
	open := &f.open[s.partition]
	for _, x := range open.expiry {
		f.drop(x)
	}
	*open = openTasks{expiry: slices.Clone(s.expiry), swept: s.swept}
	f.at.End[s.partition] = s.next
	defer f.grown.Broadcast()
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
		f.contributors[id] = c.State
		if !c.newest.IsZero() {
			f.decided[id] = c.newest
		}
	}
	if s.campaign.Revision > 0 || len(s.campaign.Clients) > 0 {
		f.campaign, f.configured = s.campaign, s.configured
	}
}

// poolOf is the pool of a language: one bucket each.
func (f *facts) poolOf(language string) domain.PoolID { return domain.PoolID{Language: language} }

// forget drops a partition's tasks that can no longer be submitted at the time
// of its newest event, and trees that never came to be.
func (f *facts) forget(p domain.Partition, now time.Time) {
	open := &f.open[p]
	if now.Before(open.swept.Add(sweepEvery)) {
		return
	}
	open.swept = now
	n := 0
	for n < len(open.expiry) && open.expiry[n].at.Before(now) {
		f.drop(open.expiry[n])
		n++
	}
	open.expiry = open.expiry[n:]
}

// drop forgets a task, and its tree if it was to begin one and did not: the
// prompt would have the tree's id, as the task has.
func (f *facts) drop(x expiry) {
	delete(f.tasks, x.task)
	if _, born := f.messages[domain.MessageID(x.tree)]; !born && domain.TreeID(x.task) == x.tree {
		delete(f.trees, x.tree)
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
			return id, domain.PoolID{}, unknownTask(by.task)
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

func unknownTask(id domain.TaskID) error {
	return domain.Refuse(domain.UnknownTask, "there is no task %s, or it expired long ago; ask for a new one", id)
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
