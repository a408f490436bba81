package httpapi

import (
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/directory"
)

// wishes is what a request wants an account to be; nil leaves it as it is.
type wishes struct {
	displayName, notes    *string
	enabled, shown, terms *bool
	reason                string
	discount              bool
}

// createUser makes a contributor known, or changes one.
func createUser(c *call) (reply, error) {
	o := c.object()
	u := o.user()
	w := wishes{enabled: o.maybe("enabled"), shown: o.maybe("show_on_leaderboard"), terms: o.maybe("tos_acceptance"), reason: o.text("reason", false, 0, maxText)}
	if _, given := o.get("notes", false); given {
		notes := o.text("notes", false, 0, maxText)
		w.notes = &notes
	}
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if !c.client.Trusted {
		w.enabled, w.notes = nil, nil // only trusted clients moderate; others send them out of habit
	}
	who, err := c.introduce(u)
	if err != nil {
		return reply{}, err
	}
	if err := c.wish(who.Person, who.ID, w); err != nil {
		return reply{}, err
	}
	a, err := c.account(who.Person.ID)
	if err != nil {
		return reply{}, err
	}
	return showUser(c, a)
}

func changeUser(c *call, a *account) (reply, error) {
	w := wishes{enabled: c.maybe("enabled"), shown: c.maybe("show_on_leaderboard"), terms: c.maybe("tos_acceptance"), discount: c.truth("discount", false)}
	w.reason, _ = c.text("reason")
	preview := c.truth("preview", false)
	for _, wish := range []struct {
		name string
		text **string
	}{{"display_name", &w.displayName}, {"notes", &w.notes}} {
		if c.query.Has(wish.name) {
			text, _ := c.text(wish.name)
			*wish.text = &text
		}
	}
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if a.Erased {
		return reply{}, fail(codeUserDisabled, "this account was erased; nothing of it can change")
	}
	if !preview {
		return done, c.wish(a.person, a.ID, w)
	}
	switch {
	case w.enabled == nil:
		return ok(showEffect(commands.Effect{}, true))
	case *w.enabled:
		return c.preview(a, contributor.Enable{Reason: w.reason})
	default:
		return c.preview(a, contributor.Disable{Reason: w.reason, Discount: w.discount})
	}
}

// wish makes a contributor what it is wanted to be: names and notes in the
// directory's row, the rest by events of the contributor.
func (c *call) wish(p directory.Person, id domain.ContributorID, w wishes) error {
	renamed := p
	if w.displayName != nil && *w.displayName != "" {
		renamed.DisplayName = *w.displayName
	}
	if w.notes != nil {
		renamed.Notes = *w.notes
	}
	if renamed != p {
		if err := renamed.Validate(); err != nil {
			return err
		}
		if err := c.s.Directory.Update(c.ctx(), renamed); err != nil {
			return err
		}
	}
	standing, err := c.views.Contributor(c.ctx(), id)
	if err != nil {
		return err
	}
	himself := domain.ByContributor(id)
	if w.enabled != nil && (!*w.enabled || standing != nil && standing.Disabled) {
		err = c.enable(id, w)
	}
	if err == nil && w.shown != nil {
		_, err = c.onAccount(himself, "update", id, contributor.Update{ShowOnLeaderboard: *w.shown})
	}
	if err == nil && w.terms != nil && *w.terms {
		_, err = c.onAccount(himself, "consent", id, contributor.Consent{Terms: c.s.Terms})
	}
	if err != nil {
		return err
	}
	return c.settle()
}

// enable enables an account, and those merged into it, or disables them.
func (c *call) enable(id domain.ContributorID, w wishes) error {
	by, err := c.byModerator()
	if err != nil {
		return err
	}
	var step string
	var do contributor.Command
	if *w.enabled {
		step, do = "enable", contributor.Enable{Reason: w.reason}
	} else {
		step, do = "disable", contributor.Disable{Reason: w.reason, Discount: w.discount}
	}
	return c.eachAccount(id, func(id domain.ContributorID) error {
		_, err := c.onAccount(by, step, id, do)
		return err
	})
}

// onAccount runs one step of a request that may take several. Which of them
// are needed hangs on what is there, so each has an id by its name: a request
// that is sent again goes on where it was cut off.
func (c *call) onAccount(by domain.Actor, step string, id domain.ContributorID, do contributor.Command) (commands.Result, error) {
	command := domain.CommandID(domain.Derive(c.command, step+"/"+id.String(), 0))
	return c.doAs(command, by, commands.OnContributor{Contributor: id, Do: do})
}

// eraseUser makes an account, and those merged into it, nobody's: first the
// fact, then the rows that told whose they were. What a stop leaves between
// the two, the next start finishes (ForgetErased).
func eraseUser(c *call, a *account) (reply, error) {
	reason, _ := c.text("reason")
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	by, err := c.byModerator()
	if err != nil {
		return reply{}, err
	}
	return done, c.eachAccount(a.ID, func(id domain.ContributorID) error {
		if _, err := c.onAccount(by, "erase", id, contributor.Erase{Reason: reason}); err != nil {
			return err
		}
		return c.s.Directory.Erase(c.ctx(), id)
	})
}

// eachAccount does something to an account, and to those merged into it, until
// it fails.
func (c *call) eachAccount(id domain.ContributorID, do func(domain.ContributorID) error) error {
	accounts, err := c.views.Accounts(c.ctx(), id)
	for i := 0; err == nil && i < len(accounts); i++ {
		err = do(accounts[i])
	}
	return err
}

func deleteUserMessages(c *call, a *account) (reply, error) {
	reason, _ := c.text("reason")
	preview := c.truth("preview", false)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if preview {
		return c.preview(a, contributor.OrderPurge{Act: c.act(), Reason: reason})
	}
	proposed, err := c.order(a, contributor.PurgeScope{}, reason)
	if err == nil && proposed {
		return c.proposed()
	}
	return done, err
}
