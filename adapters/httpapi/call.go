package httpapi

import (
	"context"
	"net/http"
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/directory"
	"dendro/projections/boards"
	"dendro/projections/contributors"
)

// call is one request on its way through its handler.
type call struct {
	s      *Server
	w      http.ResponseWriter // of handlers that stream; others give a reply
	r      *http.Request
	route  *Route
	leave  func()           // gives the request's slot back before its end
	now    time.Time        // or the instant that is asked about
	views  Views            // the live ones, or those of the past that is asked about
	past   *Moment          // that past; nil is the present
	client directory.Client // zero where no key is needed
	raw    []byte           // the body
	params
	problems problems

	merged   contributors.Mergers                    // see mergers
	standing map[domain.ContributorID]boards.Account // see boardAccounts

	// viewer is whom a frontend's own paths show messages to, instead of the
	// acting contributor; a zero person is nobody.
	viewer *person

	command   domain.CommandID // what the request's commands are derived from
	steps     int
	positions []domain.Position // behind what the request wrote
}

// reply is a handler's answer.
type reply struct {
	status  int
	body    any  // JSON; nil is null
	none    bool // no body at all
	written bool // the handler wrote it itself
}

var (
	done    = reply{status: http.StatusNoContent, none: true}
	written = reply{written: true}
)

func ok(body any) (reply, error) { return reply{status: http.StatusOK, body: body}, nil }

func accepted(body any) (reply, error) { return reply{status: http.StatusAccepted, body: body}, nil }

func (c *call) ctx() context.Context { return c.r.Context() }

// object reads the body, which must be an object.
func (c *call) object() object {
	o, _ := parseBody(c.raw, &c.problems, false)
	return o
}

// valid tells what is wrong with the request's form, if anything.
func (c *call) valid() error { return c.problems.err() }

// do runs a command of the client, or of whom the actor names. The request's
// commands are numbered, so that the same request, under an Idempotency-Key,
// makes the same commands.
func (c *call) do(actor domain.Actor, body commands.Body) (commands.Result, error) {
	c.steps++
	return c.doAs(domain.CommandID(domain.Derive(c.command, "step", c.steps)), actor, body)
}

// doAs runs a command with an id of its own.
func (c *call) doAs(id domain.CommandID, actor domain.Actor, body commands.Body) (commands.Result, error) {
	res, err := c.s.Engine.Do(c.ctx(), commands.Command{ID: id, Actor: actor, Body: body})
	if err == nil {
		c.positions = append(c.positions, res.At)
	}
	return res, err
}

// byClient is the client as an actor.
func (c *call) byClient() domain.Actor {
	return domain.Actor{Kind: domain.ActorClient, ID: c.client.ID.String()}
}

// byModerator is the contributor who moderates, where one is named, or the
// client.
func (c *call) byModerator() (domain.Actor, error) {
	who, err := c.named()
	if err != nil {
		return domain.Actor{}, err
	}
	if who != nil {
		return domain.ByModerator(who.ID.String()), nil
	}
	return domain.ByModerator(c.client.ID.String()), nil
}
