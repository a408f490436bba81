package peer

import (
	"context"
	"testing"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
)

// What passing a command on costs beside the command itself: encoding, seals
// and a round trip over loopback.
func BenchmarkDo(b *testing.B) {
	event := domain.Recorded{
		ID: domain.EventID{3}, Position: domain.Position{Partition: 4, Seq: 5}, Stream: domain.ContributorStream(domain.ContributorID{2}),
		Version: 1, Schema: 1, Time: t0, Actor: register.Actor, Command: register.ID, Epoch: 6, Payload: contributor.Registered{Contributor: domain.ContributorID{2}},
	}
	res := commands.Result{Events: []domain.Recorded{event}, At: domain.Position{Partition: 4, Seq: 6}}
	c := pair(b, &stub{do: func(context.Context, domain.Partition, commands.Command) (commands.Result, error) { return res, nil }})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Do(context.Background(), 4, register); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
