package httpapi

import (
	"errors"
	"fmt"
	"net/http"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections/conversations"
	"dendro/projections/locator"
)

var taskRoutes = []Route{
	post("/tasks/", keyed, requestTask),
	post("/tasks/availability", keyed, taskAvailability),
	post("/tasks/{task_id}/ack", keyed, acknowledgeTask),
	post("/tasks/{task_id}/nack", keyed, declineTask),
	post("/tasks/interaction", keyed, interact),
	post("/tasks/close", keyed, closeTask),
}

func requestTask(c *call) (reply, error) {
	in := readTaskRequest(c.object())
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	who, err := c.actor(in.user)
	if err != nil {
		if in.user == nil && explain(err).code == codeNoUserGiven {
			err = errors.Join(c.slow(domain.ContributorID{}, in.kind), err)
		}
		return reply{}, err
	}
	if err := c.slow(who.ID, in.kind); err != nil {
		return reply{}, err
	}
	res, err := c.do(domain.ByContributor(who.ID), commands.RequestTask{
		Contributor: who.ID, Client: c.client.ID, Language: in.lang, Kind: in.kind, Collective: in.collective,
	})
	if err != nil {
		return reply{}, err
	}
	t, given := res.Task()
	if !given {
		return reply{}, fmt.Errorf("a request for a task was answered with %d events and no task", len(res.Events))
	}
	if err := c.settle(); err != nil {
		return reply{}, err
	}
	return c.task(who, t)
}

func taskAvailability(c *call) (reply, error) {
	lang, given := c.text("lang")
	if !given {
		lang = "en"
	}
	var user *userIn
	if o, ok := parseBody(c.raw, &c.problems, true); ok {
		u := o.user()
		user = &u
	}
	if err := c.awaitAsked(); err != nil {
		return reply{}, err
	}
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	who, err := c.reader(user)
	if err != nil {
		return reply{}, err
	}
	counts, err := c.s.Engine.Available(c.ctx(), who, lang)
	if err != nil {
		return reply{}, err
	}
	out := map[domain.TaskKind]int{}
	for _, k := range domain.NeverAvailable {
		out[k] = 0
	}
	sum := 0
	for i, k := range domain.TaskKinds {
		out[k] = counts[i]
		sum += counts[i]
	}
	out[domain.TaskRandom] = sum
	return ok(out)
}

// reader gives the contributor that a question is asked for, and registers
// nobody. Who may not work is refused, as by a request for a task.
func (c *call) reader(u *userIn) (domain.ContributorID, error) {
	if u == nil {
		who, err := c.actor(nil)
		if err != nil {
			return domain.ContributorID{}, err
		}
		return who.ID, c.mayWork(who.ID)
	}
	who, err := c.known(u.login)
	if errors.Is(err, errNoUser) {
		who, err = &person{}, nil
	}
	if err != nil {
		return domain.ContributorID{}, err
	}
	return who.ID, c.mayWork(who.ID)
}

// mayWork refuses work by a contributor who may not do any, as far as the view
// knows. Who is not known has accepted no terms.
func (c *call) mayWork(id domain.ContributorID) error {
	row, err := c.views.Contributor(c.ctx(), id)
	if err != nil {
		return err
	}
	s := contributor.State{Registered: true}
	if row != nil {
		s.Terms, s.Disabled, s.MergedInto, s.Erased = row.Terms, row.Disabled, row.MergedInto, row.Erased
	}
	return s.Standing(c.s.Terms)
}

func acknowledgeTask(c *call) (reply, error) {
	id := domain.TaskID(c.pathID("task_id"))
	frontendID := c.object().text("message_id", true, 0, maxName)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if taken, err := c.views.TaskByFrontend(c.ctx(), c.client.ID, frontendID); err != nil {
		return reply{}, err
	} else if taken != nil && taken.ID != id && !taken.Over {
		return reply{}, fail(codeFrontendID, "the message id %q is bound to another task; give a new one", frontendID)
	}
	_, err := c.do(c.byClient(), commands.OnTree{Do: tree.Acknowledge{Task: id, Client: c.client.ID, FrontendID: frontendID}})
	if domain.RefusalKind(err) == domain.UnknownTask {
		err = failWith(http.StatusNotFound, codeNoSuchTask, "%s", err)
	}
	return done, err
}

func declineTask(c *call) (reply, error) {
	id := domain.TaskID(c.pathID("task_id"))
	reason := c.object().text("reason", false, 0, maxText)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	who, err := c.actor(nil)
	if err != nil {
		return reply{}, err
	}
	_, err = c.do(domain.ByContributor(who.ID), commands.OnTree{Do: tree.Decline{Task: id, By: who.ID, Client: c.client.ID, Reason: reason}})
	return done, err
}

func interact(c *call) (reply, error) {
	in := readInteraction(c.object())
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if in.kind == typeRating {
		return reply{}, fail(codeInteraction, "there are no rating tasks; hand in a text, a ranking or labels")
	}
	if in.synthetic && !c.client.Trusted {
		return reply{}, errForbidden
	}
	do, err := c.submission(&in)
	if err != nil {
		return reply{}, err
	}
	who, err := c.introduce(*in.user)
	if err != nil {
		return reply{}, err
	}
	if _, err := c.do(domain.ByContributor(who.ID), commands.OnTree{Do: do(who.ID)}); err != nil {
		return reply{}, err
	}
	return c.taskDone()
}

// submission finds the task that is answered. The command lacks only who
// answers: nobody is registered for a task that is not there.
func (c *call) submission(in *interaction) (func(domain.ContributorID) tree.Command, error) {
	if l := in.labels; in.kind == typeLabels && l.task.IsZero() {
		if _, err := c.message(l.message); err != nil {
			return nil, err
		}
		return func(by domain.ContributorID) tree.Command {
			return tree.SetLabels{Message: l.message, By: by, Client: c.client.ID, Labels: l.labels, Report: l.report, Reason: l.reason()}
		}, nil
	} else if in.kind == typeLabels {
		return func(by domain.ContributorID) tree.Command {
			return tree.SubmitLabels{Task: l.task, Message: l.message, By: by, Client: c.client.ID, Labels: l.labels}
		}, nil
	}
	t, err := c.taskByFrontend(in.frontendID)
	if err != nil {
		return nil, err
	}
	if in.kind == typeRanking {
		return func(by domain.ContributorID) tree.Command {
			return tree.SubmitRanking{Task: t.ID, By: by, Client: c.client.ID, Order: in.ranking, NotRankable: in.notRankable}
		}, nil
	}
	taken, err := c.views.MessageByFrontend(c.ctx(), c.client.ID, in.userMessageID)
	if err != nil {
		return nil, err
	}
	if taken != nil && taken.Task != t.ID {
		return nil, fail(codeFrontendID, "the message id %q names another message; give a new one", in.userMessageID)
	}
	return func(by domain.ContributorID) tree.Command {
		return tree.SubmitText{
			Task: t.ID, By: by, Client: c.client.ID, FrontendID: in.userMessageID, Text: in.text,
			Language: in.lang, Synthetic: in.synthetic, Model: in.model,
		}
	}, nil
}

func (c *call) taskByFrontend(id string) (*locator.Task, error) {
	missing := fail(codeNoSuchTask, "no task is bound to the message id %q; acknowledge the task first, or ask for a new one", id)
	return found(c, missing, func() (*locator.Task, error) { return c.views.TaskByFrontend(c.ctx(), c.client.ID, id) })
}

func (c *call) taskDone() (reply, error) {
	return ok(taskDone{ID: domain.TaskID(domain.Derive(c.command, "task_done", 0)), Type: "task_done"})
}

func closeTask(c *call) (reply, error) {
	frontendID := c.object().text("message_id", true, 1, maxName)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	t, err := c.taskByFrontend(frontendID)
	if err != nil {
		return reply{}, err
	}
	if _, err := c.do(c.byClient(), commands.OnTree{Do: tree.Close{Task: t.ID, Client: c.client.ID}}); err != nil {
		return reply{}, err
	}
	return c.taskDone()
}

// task renders a task as its kind's model.
func (c *call) task(who *person, t tree.TaskAssigned) (reply, error) {
	out := map[string]any{"id": t.Task, "type": t.Kind}
	if t.Kind == domain.TaskInitialPrompt {
		out["hint"] = nil
		return ok(out)
	}
	m, err := c.anyMessage(t.Message)
	if err != nil {
		return reply{}, err
	}
	path, err := c.pathTo(m)
	if err != nil {
		return reply{}, err
	}
	shown, err := c.conversation(who.ID, path)
	if err != nil {
		return reply{}, err
	}
	if t.Kind.IsLabel() && len(path) > 1 {
		shown.Messages[len(path)-1].UserIsAuthor = nil // clients know the reply to label so
	}
	out["conversation"] = shown
	switch {
	case t.Kind == domain.TaskPrompterReply:
		out["hint"] = nil
	case t.Kind.IsLabel():
		labelTask(out, t, m)
	case t.Kind.IsRank():
		err = c.rankTask(out, who, t, m)
	}
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}

func labelTask(out map[string]any, t tree.TaskAssigned, m *conversations.Message) {
	labels := shownIn(taskOrder, t.Labels)
	out["message_id"], out["valid_labels"], out["mandatory_labels"] = t.Message, labels, t.Mandatory
	if t.Mandatory == nil {
		out["mandatory_labels"] = []string{}
	}
	out["mode"], out["disposition"] = "simple", "spam"
	if t.Full {
		out["mode"], out["disposition"] = "full", "quality"
	}
	out["labels"] = describe(labels)
	text := "reply"
	if t.Kind == domain.TaskLabelInitialPrompt {
		text = "prompt"
	}
	out[text] = m.Text
}

func (c *call) rankTask(out map[string]any, who *person, t tree.TaskAssigned, parent *conversations.Message) error {
	replies, err := c.anyMessages(t.Replies)
	if err != nil {
		return err
	}
	texts := make([]string, len(replies))
	for i, m := range replies {
		texts[i] = m.Text
	}
	shown, err := c.conversationMessages(who.ID, replies)
	if err != nil {
		return err
	}
	for i := range shown {
		if !t.RevealSynthetic {
			shown[i].Synthetic = nil
		}
	}
	out["replies"], out["reply_messages"], out["reveal_synthetic"] = texts, shown, t.RevealSynthetic
	out["message_tree_id"], out["ranking_parent_id"] = parent.Tree, t.Message
	return nil
}
