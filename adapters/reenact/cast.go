package reenact

import (
	"encoding/binary"
	"slices"
	"sync"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
)

// terms is the version that all contributors accept.
const terms = "reenactment"

// dice are the engine's: each command's seed is laid down before it is sent,
// or else follows from its id.
type dice struct {
	mu     sync.Mutex
	loaded map[domain.CommandID]uint64
}

func (d *dice) load(id domain.CommandID, seed uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.loaded[id] = seed
}

func (d *dice) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.loaded)
}

func (d *dice) seed(id domain.CommandID) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if seed, ok := d.loaded[id]; ok {
		return seed
	}
	return binary.BigEndian.Uint64(id[8:])
}

// cast is who acts: the file's contributors write, helpers vote, one client
// serves them all, and moderates.
type cast struct {
	base    domain.CommandID // what all ids are derived from
	client  domain.ClientID
	helpers []domain.ContributorID
	trolls  []domain.ContributorID // whose votes are discounted in the end
	next    int                    // of the command
}

func newCast(log domain.Identity, helpers, trolls int) *cast {
	c := &cast{base: domain.CommandID(domain.Derive(domain.CommandID(log.ID), "reenact", 0))}
	c.client = domain.ClientID(domain.Derive(c.base, "client", 0))
	for i := range helpers {
		c.helpers = append(c.helpers, domain.ContributorID(domain.Derive(c.base, "helper", i)))
	}
	for i := range trolls {
		c.trolls = append(c.trolls, domain.ContributorID(domain.Derive(c.base, "troll", i)))
	}
	return c
}

// author is who writes the row: the file's contributor, or somebody made up
// when it names none. Nobody replies twice to one message, so for a second
// reply it is another account, merged into the contributor's in the end.
func (c *cast) author(n *node) domain.ContributorID {
	switch again := n.again(); {
	case n.row.User == nil:
		return domain.ContributorID(domain.Derive(c.base, "author", n.row.Line))
	case again == 0:
		return *n.row.User
	default:
		return domain.ContributorID(domain.Derive(c.base, "account/"+n.row.User.String(), again))
	}
}

// again counts the earlier replies of the row's contributor to the same
// message.
func (n *node) again() int {
	times := 0
	if n.parent == nil || n.row.User == nil {
		return times
	}
	for _, s := range n.parent.children {
		if s == n {
			break
		}
		if s.row.User != nil && *s.row.User == *n.row.User {
			times++
		}
	}
	return times
}

// helper gives the i-th of those who vote on a row: others for other i.
func (c *cast) helper(n *node, i int) domain.ContributorID {
	return c.helpers[(n.row.Line+i)%len(c.helpers)]
}

// reviewer gives who hands in the i-th review of a row, voided ones first.
func (c *cast) reviewer(n *node, i int) domain.ContributorID {
	if i < len(n.votes.voided) {
		return c.trolls[i]
	}
	return c.helper(n, i-len(n.votes.voided))
}

// trolls is how many are needed for the votes that are to be discounted.
func (f *forest) trolls() int {
	most := 0
	for _, n := range f.order {
		most = max(most, len(n.votes.voided))
	}
	return most
}

// helpersFor is how many are needed so that nobody votes twice.
func (f *forest) helpersFor(rankings int) int {
	most := rankings
	for _, n := range f.order {
		up, down := 0, 0
		for _, e := range n.row.Emojis {
			switch e.Emoji {
			case domain.EmojiUp:
				up = min(e.Count, maxVotes)
			case domain.EmojiDown:
				down = min(e.Count, maxVotes)
			}
			most = max(most, min(e.Count, maxVotes))
		}
		most = max(most, up+down, len(n.votes.reviews)+len(n.votes.free))
	}
	return most
}

// people lists everybody, each once.
func (f *forest) people(c *cast) []domain.ContributorID {
	out := slices.Concat(c.helpers, c.trolls)
	seen := map[domain.ContributorID]bool{}
	for _, id := range out {
		seen[id] = true
	}
	for _, n := range f.order {
		if who := c.author(n); !seen[who] {
			seen[who] = true
			out = append(out, who)
		}
	}
	return out
}

// register makes everybody known.
func (p *player) register() error {
	var all []commands.Command
	for _, who := range p.forest.people(p.cast) {
		for _, do := range []contributor.Command{contributor.Register{Client: p.cast.client}, contributor.Consent{Terms: terms}} {
			all = append(all, p.command(domain.ByContributor(who), commands.OnContributor{Contributor: who, Do: do}))
		}
	}
	for len(all) > 0 {
		n := min(len(all), batch)
		if _, err := p.must(all[:n]...); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// batch bounds the commands that are sent together.
const batch = 1000
