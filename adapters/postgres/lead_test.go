package postgres_test

import (
	"errors"
	"testing"

	"dendro/adapters/postgres/postgrestest"
	"dendro/projections"
)

// Two processes: when the one that leads is frozen, the other takes over once
// the lease has run out; who wakes has lost the lead, and its commit is refused.
// One that leaves makes room at once.
func TestTheLeadChangesHands(t *testing.T) {
	server := postgrestest.Shared(t)
	dsn := migratedDSN(t, server)
	proxy := server.Proxy(t, dsn)
	mine, other := newStore(t, open(t, proxy.DSN()), identity), newStore(t, open(t, dsn), identity)
	lead, leave, err := mine.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := commitTask(lead, mine, 1, "mine"); err != nil {
		t.Fatal(err)
	}
	proxy.Stall()
	late := make(chan error, 1)
	go func() { late <- commitTask(t.Context(), mine, 2, "late") }() // on its way while the lead changes hands
	otherLead, leaveOther, err := other.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	<-lead.Done()
	if err := commitTask(otherLead, other, 2, "other's"); err != nil {
		t.Errorf("a commit by who leads now: %v", err)
	}
	proxy.Resume()
	if err := <-late; !errors.Is(err, projections.ErrMoved) {
		t.Errorf("the commit of who was frozen: %v, want ErrMoved", err)
	}
	leave()
	if otherLead.Err() != nil {
		t.Error("who has lost the lead takes it along")
	}
	if yes, err := mine.Followed(t.Context()); err != nil || !yes {
		t.Errorf("somebody leads: %t, %v", yes, err)
	}
	taskSays(t, mine, "other's")

	leaveOther()
	if yes, err := mine.Followed(t.Context()); err != nil || yes {
		t.Errorf("behind who left somebody leads: %t, %v", yes, err)
	}
	_, leave, err = mine.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leave()
}
