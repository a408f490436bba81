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
	onlyNow(get("/users/{user_id}/purges", trusted, with(userOfPath, listPurges))),
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
	err := c.eachAccount(a, func(id domain.ContributorID) error {
		purges, err := c.s.Engine.Purges(c.ctx(), id)
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
	p := contributor.Purge{Act: c.command, Scope: scope, Status: contributor.PurgeIsOrdered, Ordered: c.now}
	var sum commands.Effect
	err := c.eachAccount(a, func(id domain.ContributorID) error {
		x, err := c.s.Engine.ForeseePurge(c.ctx(), id, p, scope.Ban)
		sum.Add(x)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(showEffect(sum, true))
}

// order orders a purge of all accounts of an owner, or proposes it, and carries
// out what is ordered.
func (c *call) order(a *account, scope contributor.PurgeScope, reason string) (proposed bool, err error) {
	by, err := c.byModerator()
	if err != nil {
		return false, err
	}
	who, err := c.named()
	if err != nil {
		return false, err
	}
	do := contributor.OrderPurge{Act: domain.CommandID(domain.Derive(c.command, "act", 0)), Scope: scope, Reason: reason}
	if who != nil {
		do.Person = who.ID
	}
	c.w.Header().Set(actHeader, do.Act.String())
	err = c.eachAccount(a, func(id domain.ContributorID) error { return c.onAccount(by, "purge", id, do) })
	if err != nil {
		return false, err
	}
	return c.carryOut(a, do.Act)
}

// carryOut does what is ordered of an act; proposed tells that it only waits for
// approval.
func (c *call) carryOut(a *account, act domain.CommandID) (proposed bool, err error) {
	err = c.eachAccount(a, func(id domain.ContributorID) error {
		purges, err := c.s.Engine.Purges(c.ctx(), id)
		if err != nil {
			return err
		}
		s := contributor.State{Purges: purges}
		if p, known := s.PurgeOf(act); known && p.Status == contributor.PurgeIsProposed {
			proposed = true
			return nil
		}
		x, err := c.s.Engine.CarryOut(c.ctx(), id)
		c.positions = append(c.positions, x.At...)
		return err
	})
	if err != nil {
		return proposed, err
	}
	return proposed, c.settle()
}

func approvePurge(c *call, a *account) (reply, error) {
	act, by, err := c.onPurge()
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
	if err := c.eachPurged(a, act, func(id domain.ContributorID) error { return c.onAccount(by, "approve", id, do) }); err != nil {
		return reply{}, err
	}
	if _, err := c.carryOut(a, act); err != nil {
		return reply{}, err
	}
	return done, nil
}

func withdrawPurge(c *call, a *account) (reply, error) {
	act, by, err := c.onPurge()
	if err != nil {
		return reply{}, err
	}
	reason, _ := c.text("reason")
	do := contributor.WithdrawPurge{Act: act, Reason: reason}
	return done, c.eachPurged(a, act, func(id domain.ContributorID) error { return c.onAccount(by, "withdraw", id, do) })
}

// reversePurge undoes a purge, or tells what that would do.
func reversePurge(c *call, a *account) (reply, error) {
	act, by, err := c.onPurge()
	if err != nil {
		return reply{}, err
	}
	preview := c.truth("preview", true)
	reason, _ := c.text("reason")
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	var sum commands.Effect
	err = c.eachPurged(a, act, func(id domain.ContributorID) error {
		x, err := c.reverseOf(id, act, by, reason, preview)
		sum.Add(x)
		return err
	})
	if err == nil {
		err = c.settle()
	}
	if err != nil {
		return reply{}, err
	}
	return ok(showEffect(sum, preview))
}

func (c *call) reverseOf(id domain.ContributorID, act domain.CommandID, by domain.Actor, reason string, preview bool) (x commands.Effect, err error) {
	if preview {
		purges, err := c.s.Engine.Purges(c.ctx(), id)
		if err != nil {
			return x, err
		}
		s := contributor.State{Purges: purges}
		p, _ := s.PurgeOf(act)
		if p.Status != contributor.PurgeIsDone {
			return x, domain.Refuse(domain.Conflict, "the purge is %s; only one that is done can be reversed", p.Status)
		}
		p.Back = reason
		return c.s.Engine.ForeseePurge(c.ctx(), id, p, p.Scope.Ban)
	}
	if err := c.onAccount(by, "reverse", id, contributor.ReversePurge{Act: act, Reason: reason}); err != nil {
		return x, err
	}
	x, err = c.s.Engine.CarryOut(c.ctx(), id)
	c.positions = append(c.positions, x.At...)
	return x, err
}

// onPurge reads which purge is meant, and who acts.
func (c *call) onPurge() (act domain.CommandID, by domain.Actor, err error) {
	act = domain.CommandID(c.pathID("act_id"))
	if err := c.valid(); err != nil {
		return act, by, err
	}
	by, err = c.byModerator()
	return act, by, err
}

// eachPurged does something to each account of an owner that the act is about.
func (c *call) eachPurged(a *account, act domain.CommandID, do func(domain.ContributorID) error) error {
	found := false
	err := c.eachAccount(a, func(id domain.ContributorID) error {
		purges, err := c.s.Engine.Purges(c.ctx(), id)
		if err != nil {
			return err
		}
		s := contributor.State{Purges: purges}
		if _, known := s.PurgeOf(act); !known {
			return nil
		}
		found = true
		return do(id)
	})
	if err == nil && !found {
		err = fail(codeOther, "there is no purge %s of this contributor", act)
	}
	return err
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
	act := domain.CommandID(domain.Derive(c.command, "act", 0))
	return accepted(proposedPurge{act, fmt.Sprintf("a purge takes two people here: another one must approve of it within %d days", int(contributor.ProposalLasts/(24*time.Hour)))})
}
