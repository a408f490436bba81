package reenact

import (
	"math"

	"dendro/commands"
	"dendro/domain"
)

// The pool draws among open tasks, and the play needs one of them. Its dice
// are ours, so a seed is looked for that draws it: Foresee tells what a seed
// would. Seeds tried blindly take as many tries as there are open tasks. But
// the dice can be turned round, so that a wanted roll gives the seed; and as
// the pool keeps its tasks in the order of the messages' ids, the roll can be
// closed in on, as a word in a dictionary. That is a guess about the pool: when
// it fails, seeds are tried blindly.

// Bounds of the search: closing in halves what is left with each try; blindly
// it takes far more tries than there are open tasks beside the one wanted.
const (
	closingTries = 32
	blindTries   = 1 << 15
)

// aim finds a seed by which the request is given a task on the message. It
// begins with hint, a seed that was right for another request of the kind. It
// answers the refusal if nothing is offered, and NoTask if not this.
func (p *player) aim(ask commands.RequestTask, on domain.MessageID, hint uint64) (uint64, error) {
	got, err := p.foresee(ask, hint)
	if err != nil || got == on {
		return hint, err
	}
	for _, g := range p.guesses(ask.Kind) {
		seed, found, err := p.closeIn(ask, on, g)
		if err != nil || found {
			return seed, err
		}
	}
	chance := domain.NewDice(hint)
	for range blindTries {
		seed := chance.Next()
		if got, err := p.foresee(ask, seed); err != nil || got == on {
			return seed, err
		}
	}
	return 0, domain.Refuse(domain.NoTask, "no %s task on that message is open to this contributor", ask.Kind)
}

func (p *player) foresee(ask commands.RequestTask, seed uint64) (domain.MessageID, error) {
	a, err := p.engine.Foresee(p.ctx, ask, seed)
	return a.Message, err
}

// guess says which roll chooses the message, and what the one before must be.
type guess struct {
	roll  int
	after func(*domain.Dice) bool
}

// guesses: the first roll chooses, or, for a reply while there are lonely
// parents, the second, after one that prefers them or does not.
func (p *player) guesses(kind domain.TaskKind) []guess {
	any := func(*domain.Dice) bool { return true }
	out := []guess{{1, any}}
	if kind.IsReply() {
		const whole = 1_000_000_000
		parts := p.policy.LonelyChildExtension.Billionths()
		out = append(out,
			guess{2, func(d *domain.Dice) bool { return d.Chance(parts, whole) }},
			guess{2, func(d *domain.Dice) bool { return !d.Chance(parts, whole) }})
	}
	return out
}

// closeIn looks for the roll that chooses the message, smaller rolls choosing
// smaller ids.
func (p *player) closeIn(ask commands.RequestTask, on domain.MessageID, g guess) (seed uint64, found bool, err error) {
	low, high := uint64(0), uint64(math.MaxUint64)
	for range closingTries {
		middle := low + (high-low)/2
		seed, ok := g.seed(middle)
		if !ok || low >= high {
			return 0, false, nil
		}
		got, err := p.foresee(ask, seed)
		if err != nil || got == on {
			return seed, err == nil, err
		}
		if got.Compare(on) < 0 {
			low = middle + 1
		} else {
			high = middle - 1
		}
	}
	return 0, false, nil
}

// seed gives dice whose roll is the wanted one but for its last bits, which do
// not matter to a choice among less than a billion.
func (g guess) seed(roll uint64) (uint64, bool) {
	const lastBits = 1 << 10
	for i := range uint64(lastBits) {
		seed := seedOf(roll^i, g.roll)
		if g.after(domain.NewDice(seed)) {
			return seed, true
		}
	}
	return 0, false
}

// seedOf gives the seed of dice whose n-th roll, from 1, is the wanted one: it
// takes back, step by step, what domain.Dice does.
func seedOf(roll uint64, n int) uint64 {
	const (
		step         = 0x9e3779b97f4a7c15
		firstFactor  = 0x96de1b173f119089 // the inverse of SplitMix64's first factor, modulo 2⁶⁴
		secondFactor = 0x319642b2d24d8ec3 // and of its second
	)
	z := roll ^ roll>>31 ^ roll>>62
	z *= secondFactor
	z ^= z>>27 ^ z>>54
	z *= firstFactor
	z ^= z>>30 ^ z>>60
	return z - uint64(n)*step
}
