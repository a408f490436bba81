package httpapi

import (
	"fmt"
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
)

var purgeRoutes = []Route{
	get("/users/{user_id}/purges", trusted, with(userOfPath, listPurges)),
	onlyNow(get("/users/{user_id}/purges/preview", trusted, with(userOfPath, previewPurge))),
	post("/users/{user_id}/purges/{act_id}/approve", trusted, with(userOfPath, approvePurge)),
	post("/users/{user_id}/purges/{act_id}/withdraw", trusted, with(userOfPath, withdrawPurge)),
	post("/users/{user_id}/purges/{act_id}/reverse", trusted, with(userOfPath, reversePurge)),
	put("/admin/two_person_purge", trusted, configurePurges),
}

// actHeader names the purge that a request began.
const actHeader = "X-Dendro-Act"

// purgeLine is a purge of one account.
type purgeLine struct {
	Act         domain.CommandID        `json:"act_id"`
	UserID      domain.ContributorID    `json:"user_id"`
	Status      contributor.PurgeStatus `json:"status"`
	KeepPrompts bool                    `json:"keep_prompts"`
	From        *stamp                  `json:"min_date"`
	To          *stamp                  `json:"max_date"`
	Ban         bool                    `json:"ban"`
	Reason      string                  `json:"reason"`
	Proposer    *domain.ContributorID   `json:"proposer_id"`
	Proposed    *stamp                  `json:"proposed_date"`
	Ordered     *stamp                  `json:"ordered_date"`
	Back        string                  `json:"reversal_reason"`
}

// effectShown is what a bulk act does, or would do.
type effectShown struct {
	Preview  bool `json:"preview"`
	Trees    int  `json:"trees"`
	Deleted  int  `json:"messages_deleted"`
	Restored int  `json:"messages_restored"`
	Halted   int  `json:"trees_halted"`
	Resumed  int  `json:"trees_resumed"`
	Reopened int  `json:"messages_reopened"`
	Accepted int  `json:"messages_accepted"`
	Rejected int  `json:"messages_rejected"`
	Merged   int  `json:"rankings_merged"`
}

func showEffect(x commands.Effect, preview bool) effectShown {
	return effectShown{
		Preview: preview, Trees: x.Trees, Deleted: x.Messages, Restored: x.Restored, Halted: x.Halted, Resumed: x.Resumed,
		Reopened: x.Reopened, Accepted: x.Accepted, Rejected: x.Rejected, Merged: x.Merged,
	}
}

func listPurges(c *call, a *account) (reply, error) {
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	out := []purgeLine{}
	err := c.eachAccount(a.ID, func(id domain.ContributorID) error {
		purges, err := c.purges(id)
		for _, p := range purges {
			out = append(out, purgeLine{
				Act: p.Act, UserID: id, Status: p.Status, KeepPrompts: p.Scope.KeepPrompts, From: orNull(p.Scope.From), To: orNull(p.Scope.To), Ban: p.Scope.Ban,
				Reason: p.Reason, Proposer: idOrNull(p.Proposer), Proposed: orNull(p.Proposed), Ordered: orNull(p.Ordered), Back: p.Back,
			})
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}

// purges gives the purges of an account: as the engine knows them, or of the
// past.
func (c *call) purges(id domain.ContributorID) ([]contributor.Purge, error) {
	if c.past == nil {
		return c.s.Engine.Purges(c.ctx(), id)
	}
	var s contributor.State
	tooLong := fail(codeOther, "the account has more than %d events", mostExamined)
	err := c.whole(domain.ContributorStream(id), tooLong, func(r domain.Recorded) error {
		s = contributor.Evolve(s, r.Payload, r.Time)
		return nil
	})
	return s.Purges, err
}

// purgeScope reads what a purge is to take.
func (c *call) purgeScope(prompts, ban bool) contributor.PurgeScope {
	return contributor.PurgeScope{
		KeepPrompts: !c.truth("purge_initial_prompts", prompts), From: c.time("min_date"), To: c.time("max_date"), Ban: ban,
	}
}

// previewPurge tells what a purge would do in all trees, decision by decision.
func previewPurge(c *call, a *account) (reply, error) {
	scope := c.purgeScope(true, c.truth("ban", true))
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	return c.preview(a, contributor.OrderPurge{Act: c.act(), Scope: scope})
}

// preview answers what a command about all accounts of an owner would do.
func (c *call) preview(a *account, do contributor.Command) (reply, error) {
	x, err := c.foresee(a, do)
	if err != nil {
		return reply{}, err
	}
	return ok(showEffect(x, true))
}

func (c *call) foresee(a *account, do contributor.Command) (x commands.Effect, err error) {
	accounts, err := c.views.Accounts(c.ctx(), a.ID)
	if err != nil {
		return x, err
	}
	return c.s.Engine.Preview(c.ctx(), accounts, do)
}

// act names what the request begins.
func (c *call) act() domain.CommandID {
	return domain.CommandID(domain.Derive(c.command, "act", 0))
}

// order orders a purge of all accounts of an owner, or proposes it, and carries
// out what is ordered.
func (c *call) order(a *account, scope contributor.PurgeScope, reason string) (proposed bool, err error) {
	who, err := c.named()
	if err != nil {
		return false, err
	}
	do := contributor.OrderPurge{Act: c.act(), Scope: scope, Reason: reason}
	if who != nil {
		do.Person = who.ID
	}
	c.w.Header().Set(actHeader, do.Act.String())
	accounts, err := c.views.Accounts(c.ctx(), a.ID)
	if err == nil {
		_, err = c.purging(accounts, do.Act, "purge", do)
	}
	if err != nil {
		return false, err
	}
	for _, id := range accounts {
		p, err := c.purgeOf(id, do.Act)
		if err != nil || p.Status == contributor.PurgeIsProposed {
			return true, err
		}
	}
	return false, nil
}

// purging gives a command about a purge to all accounts that it is about, and
// carries out what follows, once all are asked.
func (c *call) purging(accounts []domain.ContributorID, act domain.CommandID, step string, do contributor.Command) (sum commands.Effect, err error) {
	by, err := c.byModerator()
	if err != nil {
		return sum, err
	}
	answered := make([]commands.Result, len(accounts))
	for i, id := range accounts {
		if answered[i], err = c.onAccount(by, step, id, do); err != nil {
			return sum, err
		}
	}
	for i, id := range accounts {
		x, err := c.s.Engine.CarryOut(c.ctx(), id, act, answered[i])
		sum.Add(x)
		c.positions = append(c.positions, x.At...)
		if err != nil {
			return sum, err
		}
	}
	return sum, c.settle()
}

// purgeOf gives an account's purge, or none.
func (c *call) purgeOf(id domain.ContributorID, act domain.CommandID) (contributor.Purge, error) {
	purges, err := c.s.Engine.Purges(c.ctx(), id)
	s := contributor.State{Purges: purges}
	p, _ := s.PurgeOf(act)
	return p, err
}

func approvePurge(c *call, a *account) (reply, error) {
	act, accounts, err := c.purgedBy(a)
	if err != nil {
		return reply{}, err
	}
	who, err := c.named()
	if err != nil {
		return reply{}, err
	}
	do := contributor.ApprovePurge{Act: act}
	if who != nil {
		do.Person = who.ID
	}
	_, err = c.purging(accounts, act, "approve", do)
	return done, err
}

func withdrawPurge(c *call, a *account) (reply, error) {
	reason, _ := c.text("reason")
	act, accounts, err := c.purgedBy(a)
	if err == nil {
		_, err = c.purging(accounts, act, "withdraw", contributor.WithdrawPurge{Act: act, Reason: reason})
	}
	return done, err
}

// reversePurge undoes a purge, or tells what that would do.
func reversePurge(c *call, a *account) (reply, error) {
	preview := c.truth("preview", true)
	reason, _ := c.text("reason")
	act, accounts, err := c.purgedBy(a)
	if err != nil {
		return reply{}, err
	}
	do := contributor.ReversePurge{Act: act, Reason: reason}
	var x commands.Effect
	if preview {
		x, err = c.s.Engine.Preview(c.ctx(), accounts, do)
	} else {
		x, err = c.purging(accounts, act, "reverse", do)
	}
	if err != nil {
		return reply{}, err
	}
	return ok(showEffect(x, preview))
}

// purgedBy reads which purge is meant, and gives the accounts of an owner that it
// is about.
func (c *call) purgedBy(a *account) (act domain.CommandID, purged []domain.ContributorID, err error) {
	act = domain.CommandID(c.pathID("act_id"))
	if err := c.valid(); err != nil {
		return act, nil, err
	}
	err = c.eachAccount(a.ID, func(id domain.ContributorID) error {
		p, err := c.purgeOf(id, act)
		if p.Act == act {
			purged = append(purged, id)
		}
		return err
	})
	if err == nil && len(purged) == 0 {
		err = fail(codeOther, "there is no purge %s of this contributor", act)
	}
	return act, purged, err
}

// configurePurges says whether a purge takes two people from now on.
func configurePurges(c *call) (reply, error) {
	on := c.maybe("on")
	if on == nil {
		c.bad("on", typeMissing, "say whether it does: true or false", nil)
	}
	reason, _ := c.text("reason")
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	by, err := c.byModerator()
	if err != nil {
		return reply{}, err
	}
	_, err = c.do(by, commands.OnCampaign{Do: campaign.ConfigurePurges{TwoPeople: *on, Reason: reason}})
	return done, err
}

// proposedPurge is the answer to who ordered a purge that takes two people.
type proposedPurge struct {
	Act     domain.CommandID `json:"act_id"`
	Message string           `json:"message"`
}

func (c *call) proposed() (reply, error) {
	return accepted(proposedPurge{c.act(), fmt.Sprintf("a purge takes two people here: another one must approve of it within %d days", int(contributor.ProposalLasts/(24*time.Hour)))})
}
