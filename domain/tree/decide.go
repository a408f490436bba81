package tree

import (
	"strconv"
	"strings"

	"dendro/domain"
	"dendro/domain/policy"
)

// Decider is the tree's aggregate.
var Decider = domain.Decider[State, Command, *policy.Context]{Initial: Initial, Decide: Decide, Evolve: Evolve}

// decision gathers events; s is the state behind them.
type decision struct {
	s      State
	ctx    *policy.Context
	events []domain.Event
}

func (d *decision) emit(e domain.Event) {
	d.s = Evolve(d.s, e, d.ctx.Now)
	d.events = append(d.events, e)
}

// Decide gives the events that follow from the command, the automatic ones and
// the changes of state included.
func Decide(s State, c Command, ctx *policy.Context) ([]domain.Event, error) {
	d := &decision{s: s, ctx: ctx}
	if err := d.decide(c); err != nil {
		return nil, err
	}
	_, settling := c.(Settle)
	_, assigning := c.(Assign)
	if settling || len(d.events) > 0 && !assigning {
		d.settle()
	}
	if err := d.accountable(s, c); err != nil {
		return nil, err
	}
	return d.events, nil
}

func (d *decision) decide(c Command) error {
	switch c := c.(type) {
	case Assign:
		return d.assign(c)
	case Acknowledge:
		return d.acknowledge(c)
	case Decline:
		return d.decline(c)
	case Close:
		return d.close(c)
	case SubmitText:
		return d.submitText(c)
	case SubmitLabels:
		return d.submitLabels(c)
	case SubmitRanking:
		return d.submitRanking(c)
	case SetLabels:
		return d.setLabels(c)
	case React:
		return d.react(c)
	case Win:
		return d.win()
	case Activate:
		return d.activate(c)
	case Import:
		return d.importTree(c)
	case RetryScoring:
		return d.retryScoring()
	case Settle:
		return nil
	default:
		return d.moderate(c)
	}
}

func (d *decision) moderate(c Command) error {
	switch c := c.(type) {
	case ResolveReport:
		return d.resolveReport(c)
	case Delete:
		return d.delete(c)
	case DeleteAuthored:
		return d.deleteAuthored(c)
	case Restore:
		return d.restore(c)
	case RestoreAuthored:
		return d.restoreAuthored(c)
	case Edit:
		return d.edit(c)
	case Halt:
		return d.halt(c)
	case Resume:
		return d.resume(c)
	case HaltPrompt:
		return d.haltPrompt(c)
	case RecordScores:
		return d.recordScores(c)
	case Discount:
		return d.discount(c)
	case Reinstate:
		return d.reinstate(c)
	default:
		return domain.Refuse(domain.Invalid, "a tree does not know the command %T", c)
	}
}

// accountable refuses a resumption that would end where it began: the tree
// would only seem to have moved.
func (d *decision) accountable(before State, c Command) error {
	if _, resuming := c.(Resume); resuming && len(d.events) > 0 && d.s.State == before.State {
		return domain.Refuse(domain.Conflict, "the tree would end as %s again: its prompt is deleted or still rejected by its reviews", before.State)
	}
	return nil
}

func (d *decision) message(id domain.MessageID) (int, *Message, error) {
	i := d.s.Find(id)
	if i < 0 {
		return -1, nil, domain.Refuse(domain.UnknownMessage, "there is no message %s", id)
	}
	return i, d.s.Messages[i], nil
}

func digestText(frontendID, text string) Digest { return DigestOf("text", frontendID, text) }

func digestLabels(labels []LabelValue) Digest {
	var b strings.Builder
	for _, l := range labels {
		b.WriteString(string(l.Label))
		b.WriteByte('=')
		b.WriteString(l.Value.String())
		b.WriteByte(' ')
	}
	return DigestOf("labels", b.String())
}

func digestRanking(order []domain.MessageID, notRankable bool) Digest {
	var b strings.Builder
	for _, id := range order {
		b.Write(id[:])
	}
	return DigestOf("ranking", strconv.FormatBool(notRankable), b.String())
}

func digestScores(model string, scores []Score) Digest {
	var b strings.Builder
	for _, s := range scores {
		b.WriteString(s.Name)
		b.WriteByte('=')
		b.WriteString(s.Value.String())
		b.WriteByte(' ')
	}
	return DigestOf("scores", model, b.String())
}
