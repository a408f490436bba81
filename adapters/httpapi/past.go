package httpapi

import (
	"context"
	"time"

	"dendro/domain"
	"dendro/domain/policy"
)

// A read answers as of an earlier cut, or time, for a trusted client that asks
// for it; the answer names the cut, so that it can be asked again. What the
// directory knows (names, notes) is of today: it has no history.
const (
	asOfParam  = "as_of"
	asOfHeader = "X-Dendro-As-Of"
)

// Past gives what was known at earlier cuts.
type Past interface {
	// Resolve turns a time into the cut of all events up to it. A time that the
	// log has not safely passed is a refusal (domain.Refuse).
	Resolve(ctx context.Context, t time.Time) (domain.Cut, error)
	// At gives the moment at a cut of the log. Too many questions at a time are
	// domain.ErrOverloaded.
	At(ctx context.Context, cut domain.Cut) (*Moment, error)
}

// Moment is what was known at a cut. Nobody changes it.
type Moment struct {
	Cut      domain.Cut
	Newest   time.Time // of its events; zero when there are none
	Views    Views
	Policy   policy.Policy
	Revision int // of the policy; 0 before there was one
}

// enterPast lets the request be answered as of the past, if it asks for that.
func (c *call) enterPast() error {
	text, given := c.text(asOfParam)
	if !given {
		return nil
	}
	switch a := c.route.access; {
	case (a == keyed || a == trusted) && !c.client.Trusted:
		return errForbidden
	case c.route.writes() || c.route.present || a == anyone || a == root:
		c.bad(asOfParam, typeExtra, "this is answered for the present only", nil)
	case c.query.Has(atLeastParam):
		c.bad(asOfParam, typeExtra, "as_of and "+atLeastParam+" both say when; give one", nil)
	case c.s.Past == nil:
		return fail(codeOther, "this server has no past to ask about")
	}
	if err := c.valid(); err != nil {
		return err
	}
	cut, at, err := c.pastCut(text)
	if err != nil {
		return err
	}
	m, err := c.s.Past.At(c.ctx(), cut)
	if err != nil {
		return err
	}
	if at.IsZero() {
		at = m.Newest
	}
	c.past, c.views, c.now = m, m.Views, at
	return nil
}

// pastCut reads a cut, or a time, which it turns into one and gives as well.
func (c *call) pastCut(text string) (cut domain.Cut, at time.Time, err error) {
	if cut, err = domain.ParseCut(text); err == nil {
		end, err := c.s.Log.End(c.ctx())
		if err != nil {
			return cut, at, err
		}
		if !cut.Within(end) {
			return cut, at, fail(codeOther, "the log, which ends at %s, has no cut %s", end, cut)
		}
		return cut, at, nil
	}
	at, ok := parseTime(text)
	if !ok {
		c.bad(asOfParam, typeValue, "this is neither a cut, as X-Dendro-As-Of or a manifest gives it, nor a time such as 2024-01-02T12:00:00+00:00", nil)
		return cut, at, c.valid()
	}
	cut, err = c.s.Past.Resolve(c.ctx(), at)
	return cut, at, err
}

// policy is the policy in force, and its revision.
func (c *call) policy() (policy.Policy, int) {
	if c.past != nil {
		return c.past.Policy, c.past.Revision
	}
	return c.s.Engine.Policy()
}
