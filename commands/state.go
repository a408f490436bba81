package commands

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// state is all that decisions in one partition rest on: the fold of the
// partition's events. apply is the only way to change it, both when it is
// rebuilt and when it is live.
type state struct {
	identity  domain.Identity
	partition domain.Partition

	next   domain.Seq // of the next event
	last   time.Time  // of the newest event
	newest domain.EventID
	epoch  domain.Epoch

	trees        map[domain.TreeID]*treeEntry
	pools        map[domain.PoolID]*poolEntry
	contributors map[domain.ContributorID]*contributorEntry
	campaign     campaign.State
	configured   domain.EventID                     // the newest policy's
	versions     map[domain.StreamID]domain.Version // of campaign and bookkeeping streams

	memory  memory
	swept   time.Time // when forget last looked
	expiry  []expiry  // of tasks, by time assigned
	touched []domain.TreeID
	dirty   map[domain.TreeID]bool
}

type treeEntry struct {
	tree.State
	version domain.Version
	pool    *poolEntry
}

type poolEntry struct {
	*pool.State
	version domain.Version
	trees   []domain.TreeID // as they came
}

type contributorEntry struct {
	contributor.State
	version domain.Version
	newest  domain.EventID // from which something follows in trees
}

// expiry is when a task's tree may forget it.
type expiry struct {
	task domain.TaskID
	tree domain.TreeID
	at   time.Time
}

// graceAfterExpiry is how long an expired task is still known to have been
// one, so that a late submission hears "expired" rather than "unknown".
const graceAfterExpiry = 24 * time.Hour

func newState(id domain.Identity, p domain.Partition) *state {
	return &state{
		identity: id, partition: p, next: 1,
		trees: map[domain.TreeID]*treeEntry{}, pools: map[domain.PoolID]*poolEntry{},
		contributors: map[domain.ContributorID]*contributorEntry{}, versions: map[domain.StreamID]domain.Version{},
		memory: newMemory(), dirty: map[domain.TreeID]bool{},
	}
}

// apply folds one event.
func (s *state) apply(r *domain.Recorded) {
	s.next, s.last, s.epoch, s.newest = r.Position.Seq+1, r.Time, r.Epoch, r.ID
	s.memory.note(r)
	switch r.Stream.Kind() {
	case domain.KindTree:
		if id, ok := r.Stream.Tree(); ok {
			s.applyTree(id, r)
		}
	case domain.KindPool:
		if id, ok := r.Stream.Pool(); ok {
			p := s.pool(id)
			p.Evolve(r.Payload)
			p.version = r.Version
		}
	case domain.KindContributor:
		if id, ok := r.Stream.Contributor(); ok {
			c := s.contributor(id)
			c.State, c.version = contributor.Evolve(c.State, r.Payload, r.Time), r.Version
			if asks(r.Payload) {
				c.newest = r.ID
			}
		}
	default:
		s.campaign = campaign.Evolve(s.campaign, r.Payload, r.Time)
		s.versions[r.Stream] = r.Version
		if _, policy := r.Payload.(campaign.Configured); policy {
			s.configured = r.ID
		}
	}
}

func (s *state) applyTree(id domain.TreeID, r *domain.Recorded) {
	t := s.trees[id]
	if t == nil {
		t = &treeEntry{State: tree.State{ID: id}}
		s.trees[id] = t
	}
	t.State, t.version = tree.Evolve(t.State, r.Payload, r.Time), r.Version
	if t.pool == nil && t.Language != "" {
		t.pool = s.pool(domain.PoolID{Language: t.Language})
		t.pool.trees = append(t.pool.trees, id)
	}
	if t.pool == nil {
		return
	}
	t.pool.Advance(r.Time)
	s.inform(t, r)
	switch r.Payload.(type) {
	case tree.TaskAssigned, tree.TaskAcknowledged, tree.TaskClosed, tree.MessageScored, tree.MessageReported, tree.ReportResolved:
		return // these change nothing that a tree has need for
	}
	s.touch(id)
}

// touch marks a tree whose pool is to be told of it.
func (s *state) touch(id domain.TreeID) {
	if !s.dirty[id] {
		s.dirty[id] = true
		s.touched = append(s.touched, id)
	}
}

// inform tells the pool what it counts by tasks and texts.
func (s *state) inform(t *treeEntry, r *domain.Recorded) {
	p := t.pool
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		p.Reserve(pool.Reservation{Task: e.Task, Kind: e.Kind, Message: e.Message, By: e.Contributor, At: r.Time})
		s.expiry = append(s.expiry, expiry{task: e.Task, tree: t.ID, at: e.Expires.Add(graceAfterExpiry)})
	case tree.MessagePosted:
		p.Wrote(e.Contributor, tree.DigestOf(e.Text), r.Time)
		s.release(t, e.Task)
	case tree.LabelsSubmitted:
		s.release(t, e.Task)
	case tree.RankingSubmitted:
		if author, ok := t.Author(first(e.Order)); ok && !e.NotRankable {
			p.Won(author, r.Time)
		}
		s.release(t, e.Task)
	case tree.TaskDeclined:
		p.Release(e.Task)
	case tree.TaskClosed:
		p.Release(e.Task)
	}
}

func first(order []domain.MessageID) domain.MessageID {
	if len(order) == 0 {
		return domain.MessageID{}
	}
	return order[0]
}

// release frees the place of a task that is done; a collective one keeps it
// until it cools or is closed.
func (s *state) release(t *treeEntry, id domain.TaskID) {
	if task := t.Task(id); task != nil && !task.Collective {
		t.pool.Release(id)
	}
}

func (s *state) pool(id domain.PoolID) *poolEntry {
	p := s.pools[id]
	if p == nil {
		p = &poolEntry{State: pool.New(id)}
		s.pools[id] = p
	}
	return p
}

func (s *state) contributor(id domain.ContributorID) *contributorEntry {
	c := s.contributors[id]
	if c == nil {
		c = &contributorEntry{}
		s.contributors[id] = c
	}
	return c
}

// refresh tells the pools what has become of the trees touched since the last
// time, in the order in which they were. It gives the pools in which a tree
// has just ended.
func (s *state) refresh() (ended []*poolEntry) {
	for _, id := range s.touched {
		t := s.trees[id]
		if t == nil || t.pool == nil || t.Root() == nil {
			continue
		}
		if t.pool.Observe(t.Work(&t.pool.Policy)) && !slices.Contains(ended, t.pool) {
			ended = append(ended, t.pool)
		}
	}
	s.touched = s.touched[:0]
	clear(s.dirty)
	return ended
}

// reconsider marks the trees of a pool whose work depends on the policy.
func (s *state) reconsider(p *poolEntry) {
	for _, id := range p.trees {
		if t := s.trees[id]; t != nil && (t.State.State.Active() || t.State.State == domain.PromptLotteryWaiting) {
			s.touch(id)
		}
	}
}

// sweepEvery is how often forget looks for what is too old.
const sweepEvery = 10 * time.Minute

// forget drops what was only of use while tasks could be submitted: the tasks,
// and the trees that never came to be.
func (s *state) forget(now time.Time) {
	if now.Before(s.swept.Add(sweepEvery)) {
		return
	}
	s.swept = now
	n := 0
	var unborn []domain.TreeID
	for n < len(s.expiry) && s.expiry[n].at.Before(now) {
		x := s.expiry[n]
		n++
		t := s.trees[x.tree]
		if t == nil {
			continue
		}
		t.State = t.Forget(now.Add(-graceAfterExpiry))
		if t.Root() == nil && len(t.Tasks) == 0 {
			unborn = append(unborn, x.tree)
			delete(s.trees, x.tree)
		}
	}
	s.expiry = s.expiry[n:]
	if len(unborn) > 0 {
		s.disown(unborn)
	}
	keep := rememberAtLeast
	for _, p := range s.pools {
		keep = max(keep, p.Policy.TaskValidity+graceAfterExpiry)
	}
	s.memory.forget(now, keep)
}

func (s *state) disown(unborn []domain.TreeID) {
	gone := make(map[domain.TreeID]bool, len(unborn))
	for _, id := range unborn {
		gone[id] = true
	}
	for _, p := range s.pools {
		p.trees = slices.DeleteFunc(p.trees, func(id domain.TreeID) bool { return gone[id] })
	}
}
