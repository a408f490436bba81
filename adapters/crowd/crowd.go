package crowd

import (
	"context"
	"fmt"
	"iter"
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
)

// Terms is the version of the terms that everybody accepts.
const Terms = "simulated-1"

// Options say how large the crowd is and what it does. The engine must use
// Clock and Dice(Seed), and have no other caller meanwhile.
type Options struct {
	Seed         uint64
	Contributors int // at least Least
	Tasks        int // stop after so many completed ones
	Clock        *domain.ManualClock
	// Start is how many events the log held before the engine was opened. With
	// the seed it makes the command ids, so that no later run makes them again.
	Start uint64
	// History gives the newest events of a log that is gone on with, as many
	// as the crowd is to remember; nil for none.
	History iter.Seq2[domain.Recorded, error]
	// Acknowledged is told the new events of each command after the engine has
	// answered it, in the order of the commands; its error ends the run.
	Acknowledged func([]domain.Recorded) error
	// Progress is told, round by round, how many tasks are completed.
	Progress func(done int)
}

// Report counts what a run did.
type Report struct {
	Rounds   int                     `json:"rounds"`
	Commands int                     `json:"commands"`
	Events   int                     `json:"events_answered"` // without those that followed in other partitions
	Tasks    int                     `json:"tasks"`
	ByKind   map[domain.TaskKind]int `json:"tasks_by_kind"`
	Declined int                     `json:"declined"`
	Retries  int                     `json:"retries"` // commands and submissions sent again
	Acts     int                     `json:"moderator_acts"`
	Refusals map[domain.Kind]int     `json:"refusals"`
	From     time.Time               `json:"from"` // simulated time
	To       time.Time               `json:"to"`
}

// run is one run of the crowd.
type run struct {
	ctx      context.Context
	engine   *commands.Engine
	opt      Options
	dice     *domain.Dice
	client   domain.ClientID
	members  []*member
	activity Activity
	know     *knowledge
	pen      *Pen
	report   Report
	counter  uint64
	round    int

	current   act  // whose answer is looked at
	repeating bool // it was a retry
}

const (
	// stallRounds is after how many rounds without a completed task a run
	// gives up: weeks of simulated time, in which moderators clear away what
	// nobody can go on with.
	stallRounds = 3000
	// moderateEvery so many rounds a moderator looks around.
	moderateEvery = 3
	// registerAtOnce bounds the commands sent together.
	registerAtOnce = 512
)

// Run lets the crowd work until Tasks tasks are completed. It fails when the
// engine does, when a command that was sent again changed anything, and when
// nothing moves for weeks of simulated time; the report holds what was done
// until then.
func Run(ctx context.Context, engine *commands.Engine, opt Options) (Report, error) {
	if opt.Contributors < Least {
		return Report{}, fmt.Errorf("a crowd needs at least %d contributors; fewer cannot review and rank each other's texts", Least)
	}
	in, _ := engine.Policy()
	languages := in.Languages
	if len(languages) == 0 {
		languages = Languages(opt.Contributors)
	}
	r := &run{
		ctx: ctx, engine: engine, opt: opt, client: domain.ClientID(makeID(opt.Seed, "client", 0)),
		dice:    domain.NewDice(number(opt.Seed, "run", fmt.Sprint(opt.Start))),
		members: gather(opt.Seed, opt.Contributors, languages), activity: NewActivity(opt.Contributors),
		report: Report{ByKind: map[domain.TaskKind]int{}, Refusals: map[domain.Kind]int{}, From: opt.Clock.Now()},
	}
	r.know, r.pen = newKnowledge(r.members), NewPen(r.dice)
	err := r.remember()
	if err == nil {
		err = r.register()
	}
	if err == nil {
		err = r.work()
	}
	r.report.To = opt.Clock.Now()
	return r.report, err
}

func (r *run) remember() error {
	if r.opt.History == nil {
		return nil
	}
	for e, err := range r.opt.History {
		if err != nil {
			return err
		}
		r.know.learn([]domain.Recorded{e})
	}
	return nil
}

// register makes the members known, and lets them accept the terms; those who
// did before change nothing.
func (r *run) register() error {
	client := commands.OnCampaign{Do: campaign.RegisterClient{Client: r.client, Trusted: true}}
	if err := r.send([]act{{cmd: r.command(domain.ByRule("begin"), client)}}, nil); err != nil {
		return err
	}
	for _, do := range []func(*member) contributor.Command{
		func(m *member) contributor.Command { return contributor.Register{Contributor: m.id, Client: r.client} },
		func(*member) contributor.Command { return contributor.Consent{Terms: Terms} },
	} {
		var acts []act
		for _, m := range r.members {
			acts = append(acts, act{cmd: r.by(m, commands.OnContributor{Contributor: m.id, Do: do(m)})})
		}
		for len(acts) > 0 {
			n := min(len(acts), registerAtOnce)
			if err := r.send(acts[:n], nil); err != nil {
				return err
			}
			acts = acts[n:]
		}
	}
	return nil
}

// work goes on round after round.
func (r *run) work() error {
	for moved := 0; r.report.Tasks < r.opt.Tasks; r.round++ {
		if r.round-moved > stallRounds {
			return fmt.Errorf("nothing moved in %d rounds: %d contributors find no work that they may do; simulate with more of them", stallRounds, len(r.members))
		}
		before, events := r.report.Tasks, r.report.Events
		r.pass()
		acts, who := r.acts()
		if err := r.send(acts, who); err != nil {
			return err
		}
		if r.round%moderateEvery == moderateEvery-1 {
			if err := r.moderate(); err != nil {
				return err
			}
		}
		if r.report.Events == events {
			r.opt.Clock.Advance(20 * time.Minute) // everybody waits for others
		}
		if r.report.Tasks > before {
			moved = r.round
			if r.opt.Progress != nil {
				r.opt.Progress(r.report.Tasks)
			}
		}
		r.report.Rounds++
	}
	return nil
}

// pass lets time go by: about a minute, now and then a night.
func (r *run) pass() {
	r.opt.Clock.Advance(time.Duration(15+r.dice.Below(60)) * time.Second)
	if r.dice.Chance(1, 40) {
		r.opt.Clock.Advance(time.Duration(1+r.dice.Below(10)) * time.Hour)
	}
}

// acts gives what the members do in this round, at most one thing each: those
// drawn who have nothing under way begin something, and most of the others go
// on. No more tasks are handed in than are still to be done.
func (r *run) acts() (acts []act, who []*member) {
	for range max(len(r.members)/4, 6) {
		if m := r.members[r.activity.Draw(r.dice)]; !m.gone && len(m.queue) == 0 && m.rests <= r.round {
			r.begin(m)
		}
	}
	left := r.opt.Tasks - r.report.Tasks
	for _, m := range r.members {
		if m.gone || len(m.queue) == 0 || m.rests > r.round || r.dice.Chance(1, 5) {
			continue
		}
		next := m.queue[0]
		if next.submits {
			if left == 0 {
				continue
			}
			left--
		}
		m.queue = m.queue[1:]
		if next.make != nil {
			next.cmd = next.make()
		}
		acts, who = append(acts, next), append(who, m)
	}
	return acts, who
}

// send runs commands together and looks at their answers one by one.
func (r *run) send(acts []act, who []*member) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if len(acts) == 0 {
		return nil
	}
	list := make([]commands.Command, len(acts))
	for i, a := range acts {
		list[i] = a.cmd
	}
	for i, o := range r.engine.DoAll(r.ctx, list) {
		var m *member
		if who != nil {
			m = who[i]
		}
		if err := r.answered(acts[i], m, o); err != nil {
			return err
		}
	}
	return nil
}

// answered takes one answer in.
func (r *run) answered(a act, m *member, o commands.Outcome) error {
	r.report.Commands++
	kind := domain.RefusalKind(o.Err)
	switch {
	case o.Err != nil && kind == "":
		return o.Err
	case o.Err != nil:
		r.report.Refusals[kind]++
	case !o.Result.Repeated && len(o.Result.Events) > 0:
		r.report.Events += len(o.Result.Events)
		r.know.learn(o.Result.Events)
		if r.opt.Acknowledged != nil {
			if err := r.opt.Acknowledged(o.Result.Events); err != nil {
				return err
			}
		}
		if a.retry {
			return fmt.Errorf("command %s was sent again and added %d events", a.cmd.ID, len(o.Result.Events))
		}
	}
	if a.retry {
		r.report.Retries++
	}
	switch {
	case m == nil:
	case kind == domain.ContributorDisabled:
		m.gone, m.queue = true, nil
	case a.then != nil && !m.gone:
		r.current, r.repeating = a, a.retry
		a.then(m, a.cmd, o)
	}
	return nil
}

func (r *run) push(m *member, a act) { m.queue = append(m.queue, a) }

// id makes the next command id, of the simulated time.
func (r *run) id() domain.CommandID {
	r.counter++
	return domain.CommandID(domain.NewID(r.opt.Clock.Now(), entropy(r.opt.Seed, "command", r.opt.Start, r.counter)))
}

func (r *run) command(actor domain.Actor, body commands.Body) commands.Command {
	return commands.Command{ID: r.id(), Actor: actor, Body: body}
}

func (r *run) by(m *member, body commands.Body) commands.Command {
	return r.command(domain.ByContributor(m.id), body)
}
