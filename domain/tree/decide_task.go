package tree

import (
	"slices"

	"dendro/domain"
)

// MaxFrontendID bounds the ids that frontends give, in bytes.
const MaxFrontendID = 200

// MaxReason bounds what people write beside an act, in bytes.
const MaxReason = 2000

func (d *decision) assign(c Assign) error {
	if d.s.Task(c.Task) != nil {
		return nil
	}
	e := TaskAssigned{
		Task: c.Task, Kind: c.Kind, Language: c.Language, Contributor: c.Contributor, Client: c.Client,
		Collective: c.Collective, Message: c.Message, Expires: d.ctx.Now.Add(d.ctx.Policy.TaskValidity),
	}
	if c.Kind == domain.TaskInitialPrompt {
		if c.Collective {
			return domain.Refuse(domain.Invalid, "a task for initial prompts is one contributor's; ask for one each")
		}
		d.emit(e)
		return nil
	}
	i, m, err := d.message(c.Message)
	if err != nil {
		return err
	}
	e.Language = d.s.Language
	switch {
	case c.Kind.IsLabel():
		e.Full, e.Mandatory = c.Full, d.ctx.Policy.Mandatory(c.Kind)
		e.Labels = labelsOf(m.Role, c.Full, e.Mandatory, m.Parent < 0)
	case c.Kind.IsRank():
		e.Replies, e.RevealSynthetic = d.presented(i)
	}
	d.emit(e)
	return nil
}

// labelsOf gives what a task asks for: all labels of the role, or the simple
// set (spec: collection §3).
func labelsOf(r domain.Role, full bool, mandatory []domain.Label, root bool) []domain.Label {
	asked := domain.LabelsAsked(r)
	if full {
		return asked
	}
	var out []domain.Label
	for _, l := range asked {
		if l == domain.LabelLangMismatch || l == domain.LabelQuality && !root || slices.Contains(mandatory, l) {
			out = append(out, l)
		}
	}
	return out
}

// presented shuffles the rankable replies; that some are synthetic is shown
// only when all are.
func (d *decision) presented(parent int) ([]domain.MessageID, bool) {
	var ids []domain.MessageID
	all := true
	for _, j := range d.s.rankable(parent) {
		ids = append(ids, d.s.Messages[j].ID)
		all = all && d.s.Messages[j].Synthetic
	}
	d.ctx.Dice.Shuffle(len(ids), func(a, b int) { ids[a], ids[b] = ids[b], ids[a] })
	return ids, all && len(ids) > 0
}

// taskFor finds a task for the client that it was given to.
func (d *decision) taskFor(id domain.TaskID, client domain.ClientID) (*Task, error) {
	t := d.s.Task(id)
	if t == nil || t.Client != client {
		return nil, domain.Refuse(domain.UnknownTask, "there is no task %s for this client, or it expired long ago; ask for a new one", id)
	}
	return t, nil
}

func (d *decision) expired(t *Task) error {
	if d.ctx.Now.Before(t.Expires) {
		return nil
	}
	return domain.Refuse(domain.TaskExpired, "task %s expired at %s; ask for a new one", t.Task, t.Expires.Format("2006-01-02 15:04 MST"))
}

func (d *decision) acknowledge(c Acknowledge) error {
	t, err := d.taskFor(c.Task, c.Client)
	if err != nil {
		return err
	}
	if c.FrontendID == "" || len(c.FrontendID) > MaxFrontendID {
		return domain.Refuse(domain.BadFrontendID, "the frontend's message id must have 1 to %d bytes", MaxFrontendID)
	}
	switch {
	case t.Status != Assigned && t.FrontendID == c.FrontendID:
		return nil
	case t.Status == Acknowledged:
		return domain.Refuse(domain.TaskBoundOtherwise, "task %s is acknowledged with another message id", t.Task)
	case t.Status != Assigned:
		return domain.Refuse(domain.TaskDone, "task %s is over; ask for a new one", t.Task)
	}
	if err := d.expired(t); err != nil {
		return err
	}
	d.emit(TaskAcknowledged{Task: t.Task, FrontendID: c.FrontendID})
	return nil
}

var skipEmoji = map[bool]map[bool]domain.Emoji{
	true:  {false: domain.EmojiSkipLabel},
	false: {false: domain.EmojiSkipReply, true: domain.EmojiSkipRanking},
}

// decline ends the task; of a collective one only the part of who declines.
func (d *decision) decline(c Decline) error {
	t, err := d.taskFor(c.Task, c.Client)
	if err != nil {
		return err
	}
	by := c.By
	if by.IsZero() {
		by = t.Contributor
	}
	switch {
	case by != t.Contributor && !t.Collective:
		return domain.Refuse(domain.TaskOfOther, "task %s is another contributor's", t.Task)
	case t.Status == Declined:
		return nil
	case t.Status == Done || t.Status == Closed:
		return domain.Refuse(domain.TaskDone, "task %s is over; there is nothing left to decline", t.Task)
	case len(c.Reason) > MaxReason:
		return domain.Refuse(domain.Invalid, "the reason is longer than %d bytes; shorten it", MaxReason)
	}
	if err := d.expired(t); err != nil {
		return err
	}
	if !t.Collective {
		d.emit(TaskDeclined{Task: t.Task, Reason: c.Reason})
	}
	if t.Kind != domain.TaskInitialPrompt {
		d.addEmoji(t.Message, by, skipEmoji[t.Kind.IsLabel()][t.Kind.IsRank()])
	}
	return nil
}

func (d *decision) close(c Close) error {
	t, err := d.taskFor(c.Task, c.Client)
	if err != nil {
		return err
	}
	switch {
	case !t.Collective:
		return domain.Refuse(domain.TaskOfOther, "task %s is one contributor's; it ends when it is done or declined", t.Task)
	case t.Status == Closed:
		return nil
	case t.Status == Declined:
		return domain.Refuse(domain.TaskDone, "task %s was declined", t.Task)
	}
	d.emit(TaskClosed{Task: t.Task})
	return nil
}

// open checks what every submission must satisfy (spec: collection §6). The
// answer again is true for the same submission of the same contributor: it is
// done already, and adds nothing.
func (d *decision) open(id domain.TaskID, client domain.ClientID, by domain.ContributorID, digest Digest, fits func(domain.TaskKind) bool) (t *Task, again bool, err error) {
	if t, err = d.taskFor(id, client); err != nil {
		return nil, false, err
	}
	if slices.Contains(t.Taken, Taken{By: by, Digest: digest}) {
		return t, true, nil
	}
	switch {
	case by.IsZero():
		return nil, false, domain.Refuse(domain.UnknownContributor, "the submission names no contributor")
	case !t.Collective && t.Contributor != by:
		return nil, false, domain.Refuse(domain.TaskOfOther, "task %s is another contributor's", t.Task)
	case !fits(t.Kind):
		return nil, false, domain.Refuse(domain.TaskOfOtherKind, "task %s is a %s task; hand in what it asks for", t.Task, t.Kind)
	case t.Status == Done || t.Status == Declined || t.Status == Closed:
		return nil, false, domain.Refuse(domain.TaskDone, "task %s is over; ask for a new one", t.Task)
	}
	if err := d.expired(t); err != nil {
		return nil, false, err
	}
	if t.Status == Assigned {
		return nil, false, domain.Refuse(domain.TaskNotAcknowledged, "task %s is not acknowledged yet; do that first", t.Task)
	}
	return t, false, nil
}
