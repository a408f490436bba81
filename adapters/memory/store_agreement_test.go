package memory_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/adapters/memory"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/conversations"
	"dendro/projections/dataset"
	"dendro/projections/statistics"
)

var noon = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func oneOf[T any](d *domain.Dice, list ...T) T { return list[d.Below(len(list))] }

func inOrder(a, b *conversations.Message) int {
	if c := a.Created.Compare(b.Created); c != 0 {
		return c
	}
	return a.ID.Compare(b.ID)
}

// simulated is a campaign: an engine on a log in memory, and people who act at random but
// from a seed.
type simulated struct {
	t testing.TB
	*domain.Dice
	clock  *domain.ManualClock
	log    *memory.Log
	engine *commands.Engine
	n      int
	people []domain.ContributorID
	tasks  []tree.TaskAssigned
	seen   []domain.MessageID
	trees  []domain.TreeID
}

func newSimulated(t testing.TB, seed uint64) *simulated {
	c := &simulated{t: t, Dice: domain.NewDice(seed), clock: domain.NewManualClock(noon)}
	c.log = memory.New(domain.Identity{ID: domain.LogID{byte(seed), 1}, Partitions: 3}, c.clock, "tester")
	p := policy.Default()
	p.GoalTreeSize, p.NumReviewsReply, p.NumReviewsInitialPrompt, p.NumRequiredRankings = 6, 2, 2, 2
	var err error
	c.engine, err = commands.Open(context.Background(), c.log, commands.Options{
		Clock: c.clock, Dice: func(id domain.CommandID) uint64 { return binary.BigEndian.Uint64(id[8:]) }, Policy: &p,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		id := domain.ContributorID(domain.Derive(domain.CommandID{1}, "person", i))
		c.people = append(c.people, id)
		c.do(commands.OnContributor{Contributor: id, Do: contributor.Register{}})
		c.do(commands.OnContributor{Contributor: id, Do: contributor.Consent{Terms: "v1"}})
	}
	return c
}

// do runs a command; that it may be refused is part of the game.
func (c *simulated) do(b commands.Body) (commands.Result, bool) {
	c.n++
	var entropy [10]byte
	binary.BigEndian.PutUint64(entropy[:8], uint64(c.n))
	res, err := c.engine.Do(context.Background(), commands.Command{
		ID: domain.CommandID(domain.NewID(c.clock.Now(), entropy)), Actor: domain.ByModerator("test"), Body: b,
	})
	if err != nil && domain.RefusalKind(err) == "" {
		c.t.Fatalf("%T: %v", b, err)
	}
	return res, err == nil
}

func (c *simulated) onTree(do tree.Command) (commands.Result, bool) {
	return c.do(commands.OnTree{Do: do})
}

func (c *simulated) step() {
	c.clock.Advance(time.Duration(c.Below(60_000_000)) * time.Microsecond)
	switch x := c.Below(100); {
	case x < 50 || len(c.tasks) == 0:
		c.request()
	case x < 85 || len(c.seen) == 0:
		c.work()
	case x < 93:
		c.react()
	default:
		c.moderate()
	}
}

func (c *simulated) request() {
	res, ok := c.do(commands.RequestTask{
		Contributor: oneOf(c.Dice, c.people...), Client: domain.ClientID{byte(1 + c.Below(2))},
		Language: oneOf(c.Dice, "en", "en", "de", "pt-BR"), Kind: domain.TaskRandom,
	})
	if t, given := res.Task(); ok && given {
		c.tasks = append(c.tasks, t)
	}
}

func (c *simulated) work() {
	i := c.Below(len(c.tasks))
	t := c.tasks[i]
	c.tasks = slices.Delete(c.tasks, i, i+1)
	if c.Below(12) == 0 {
		c.onTree(tree.Decline{Task: t.Task, Client: t.Client, Reason: "no idea"})
		return
	}
	c.onTree(tree.Acknowledge{Task: t.Task, Client: t.Client, FrontendID: t.Task.String()})
	switch {
	case t.Kind.IsText():
		res, ok := c.onTree(tree.SubmitText{Task: t.Task, Client: t.Client, By: t.Contributor, FrontendID: fmt.Sprint("f", c.n), Text: fmt.Sprint("text ", c.n)})
		if id, made := res.Message(); ok && made {
			c.seen = append(c.seen, id)
			if t.Kind == domain.TaskInitialPrompt {
				c.trees = append(c.trees, domain.TreeID(id))
			}
		}
	case t.Kind.IsLabel():
		spam := decimal.Int(int64(c.Below(7) / 6))
		c.onTree(tree.SubmitLabels{Task: t.Task, Client: t.Client, Message: t.Message, By: t.Contributor, Labels: []tree.LabelValue{{Label: domain.LabelSpam, Value: spam}}})
	default:
		order := make([]int, len(t.Replies))
		for i := range order {
			order[i] = i
		}
		c.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		c.onTree(tree.SubmitRanking{Task: t.Task, Client: t.Client, By: t.Contributor, Order: order, NotRankable: c.Below(8) == 0})
	}
}

func (c *simulated) react() {
	m, by := oneOf(c.Dice, c.seen...), oneOf(c.Dice, c.people...)
	if c.Below(5) == 0 {
		c.onTree(tree.SetLabels{Message: m, By: by, Report: c.Below(4) == 0, Labels: []tree.LabelValue{{Label: domain.LabelQuality, Value: decimal.Int(1)}}})
		return
	}
	c.onTree(tree.React{Message: m, By: by, Emoji: oneOf(c.Dice, domain.Emojis[:]...), Op: tree.EmojiToggle})
}

func (c *simulated) moderate() {
	m := oneOf(c.Dice, c.seen...)
	switch c.Below(8) {
	case 0, 1:
		c.onTree(tree.Delete{Message: m, Reason: "r"})
	case 2, 3:
		c.onTree(tree.Restore{Message: m})
	case 4:
		c.onTree(tree.Edit{Message: m, Text: fmt.Sprint("edited ", c.n)})
	case 5:
		halt := oneOf[tree.Command](c.Dice, tree.Halt{}, tree.Resume{})
		c.do(commands.OnTree{Tree: oneOf(c.Dice, c.trees...), Do: halt})
	case 6:
		who := oneOf(c.Dice, c.people...)
		c.do(commands.OnContributor{Contributor: who, Do: contributor.Disable{Reason: "troll", Discount: true}})
		c.quiesce()
		if c.Below(3) > 0 {
			c.do(commands.OnContributor{Contributor: who, Do: contributor.Enable{}})
		}
	default:
		c.bring()
	}
}

// bring imports a tree.
func (c *simulated) bring() {
	e := tree.Imported{Language: oneOf(c.Dice, "en", "fr"), State: oneOf(c.Dice, domain.ReadyForExport, domain.BacklogRanking), Origin: "elsewhere"}
	for i := range 1 + c.Below(6) {
		m := tree.ImportedMessage{
			Message: domain.MessageID(domain.Derive(domain.CommandID{2}, fmt.Sprint(c.n), i)), Contributor: oneOf(c.Dice, c.people...),
			Role: domain.Prompter, Text: fmt.Sprint("imported ", c.n, i), Language: e.Language, Created: noon.Add(-time.Duration(c.Below(1000)) * time.Minute),
			ReviewCount: c.Below(5), Result: tree.Result(c.Below(3) - 1), Deleted: c.Below(8) == 0, Synthetic: c.Below(5) == 0,
			Emojis: []tree.EmojiCount{{Emoji: domain.EmojiUp, Count: 1 + c.Below(5)}},
		}
		if m.Synthetic {
			m.Model = "a model"
		}
		if i > 0 {
			parent := oneOf(c.Dice, e.Messages...)
			m.Parent, m.Role, m.Ranked, m.Rank = parent.Message, parent.Role.Other(), true, i-1
		}
		e.Messages = append(e.Messages, m)
	}
	id := domain.TreeID(e.Messages[0].Message)
	if _, ok := c.do(commands.OnTree{Tree: id, Do: tree.Import{Tree: e}}); ok {
		c.trees = append(c.trees, id)
		for _, m := range e.Messages {
			c.seen = append(c.seen, m.Message)
		}
	}
}

func (c *simulated) quiesce() {
	if err := c.engine.Quiesce(context.Background()); err != nil {
		c.t.Fatal(err)
	}
}

// rows is the whole campaign as a dataset has it.
func (c *simulated) rows() (out []dataset.Row) {
	end, err := c.log.End(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	fold := dataset.New()
	for r, err := range c.log.Read(context.Background(), c.log.Identity().Start(), end) {
		if err != nil {
			c.t.Fatal(err)
		}
		fold.Apply(r)
	}
	var lines bytes.Buffer
	recipe := dataset.Recipe{Variant: dataset.All, Format: dataset.Messages, Deleted: dataset.DeletedInclude}
	if _, err := dataset.Read(recipe, fold).Write(func(line []byte) error { lines.Write(line); return nil }); err != nil {
		c.t.Fatal(err)
	}
	for row, err := range dataset.ReadRows(&lines) {
		if err != nil {
			c.t.Fatal(err)
		}
		row.Line, row.Labels, row.Scores = 0, nil, nil // no part of the view
		out = append(out, row)
	}
	return out
}

// asRow is a message of the view in the form of a dataset's line.
func asRow(m *conversations.Message, t *conversations.Tree) dataset.Row {
	out := dataset.Row{
		Message: m.ID, User: &m.Author, Created: &m.Created, Text: m.Text, Role: m.Role, Lang: m.Language, ReviewCount: &m.Reviews,
		Deleted: &m.Deleted, Synthetic: &m.Synthetic, Emojis: m.Emojis, Tree: &t.ID, State: &t.State,
	}
	if !m.Parent.IsZero() {
		out.Parent = &m.Parent
	}
	if m.Ranked {
		out.Rank = &m.Rank
	}
	if m.Model != "" {
		out.Model = &m.Model
	}
	if accepted := m.Result == tree.Accepted; accepted || m.Result == tree.Rejected && m.Reviews > 2 {
		out.ReviewResult = &accepted
	}
	return out
}

// What the view shows of a campaign is what its dataset says, and the counts
// are those of what is shown; while the campaign runs the view follows it.
func TestViewsAgreeWithTheDataset(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newSimulated(t, seed)
			store := memory.NewStore(c.log.Identity())
			ctx, cancel := context.WithCancel(context.Background())
			ran := make(chan error, 1)
			go func() {
				ran <- projections.NewRunner(c.log, store, conversations.New(), statistics.New()).Run(ctx)
			}()
			for i := range 6000 {
				c.step()
				if i%100 == 0 {
					newestFirst(t, store)
				}
			}
			c.quiesce()
			end, err := c.log.End(ctx)
			if err := errors.Join(err, c.engine.Close(), store.Await(ctx, end)); err != nil {
				t.Fatal(err)
			}
			cancel()
			if err := <-ran; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			viewsAgree(t, store, c.rows())
		})
	}
}

// newestFirst reads while commits come in.
func newestFirst(t *testing.T, store *memory.Store) {
	t.Helper()
	page, err := store.Messages(context.Background(), conversations.Query{Search: "text", Desc: true, Max: 50})
	newer := func(a, b *conversations.Message) int { return inOrder(b, a) }
	if err != nil || !slices.IsSortedFunc(page, newer) {
		t.Fatalf("newest first: %v, %v", page, err)
	}
}

func viewsAgree(t *testing.T, store *memory.Store, want []dataset.Row) {
	t.Helper()
	ctx := context.Background()
	shown, err := store.Messages(ctx, conversations.Query{Deleted: true, Max: len(want) + 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []dataset.Row
	counts := map[statistics.Messages]int{}
	edited, ranked := 0, 0
	for _, m := range shown {
		of, err := store.Tree(ctx, m.Tree)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, asRow(m, of))
		counts[statistics.Messages{Language: m.Language, Role: m.Role, Synthetic: m.Synthetic, Deleted: m.Deleted}]++
		if m.Edited {
			edited++
		}
		if m.Ranked {
			ranked++
		}
	}
	byID := func(a, b dataset.Row) int { return a.Message.Compare(b.Message) }
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-dataset +view):\n%s", diff)
	}
	if edited == 0 || ranked == 0 {
		t.Errorf("of %d messages %d are edited and %d ranked: the campaign shows too little", len(got), edited, ranked)
	}
	countsAgreeWith(t, store, counts)
	t.Logf("%d messages, %d edited, %d ranked", len(got), edited, ranked)
}

func countsAgreeWith(t *testing.T, store *memory.Store, messages map[statistics.Messages]int) {
	t.Helper()
	got, err := store.Counts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range got.Messages {
		n := m.N
		if m.N = 0; messages[m] != n {
			t.Errorf("%+v is counted %d times, shown %d times", m, n, messages[m])
		}
		delete(messages, m)
	}
	if len(messages) > 0 {
		t.Errorf("not counted: %v", messages)
	}
	shown, err := store.Trees(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	trees := map[statistics.Trees]int{}
	for _, row := range shown {
		trees[statistics.Trees{Language: row.Language, State: row.State}]++
	}
	for _, row := range got.Trees {
		n := row.N
		if row.N = 0; trees[row] != n {
			t.Errorf("%+v is counted %d times, shown %d times", row, n, trees[row])
		}
		delete(trees, row)
	}
	if len(trees) > 0 || got.Consents != 9 {
		t.Errorf("not counted: %v; %d consents", trees, got.Consents)
	}
}
