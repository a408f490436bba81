package adaptertest

import (
	"errors"
	"slices"

	"dendro/domain"
	"dendro/domain/directory"

	"github.com/google/go-cmp/cmp"
)

// hasClients expects exactly these clients, oldest first.
func (s *directorySuite) hasClients(want ...directory.Client) {
	s.Helper()
	got, err := s.d.ListClients(s.ctx)
	if err != nil {
		s.Fatalf("ListClients: %v", err)
	}
	if diff := cmp.Diff(want, got, noNil); diff != "" {
		s.Fatalf("clients (-want +got):\n%s", diff)
	}
	for _, c := range want {
		if got, err := s.d.ByKey(s.ctx, c.KeyHash); err != nil || got != c {
			s.Fatalf("ByKey gives %v, %v, want %v", got, err, c)
		}
	}
	for _, hash := range [][32]byte{{}, directory.HashKey("")} {
		if got, err := s.d.ByKey(s.ctx, hash); !errors.Is(err, directory.ErrUnknown) {
			s.Fatalf("a key of nobody gives %v, %v, want ErrUnknown", got, err)
		}
	}
}

func (s *directorySuite) addClients(clients ...directory.Client) {
	s.Helper()
	for _, c := range clients {
		if err := s.d.AddClient(s.ctx, c); err != nil {
			s.Fatalf("AddClient: %v", err)
		}
	}
}

func (s *directorySuite) clients() {
	all := []directory.Client{SomeClient(1), SomeClient(2), SomeClient(3), SomeClient(4)}
	all[3].Created = all[2].Created // then the id decides
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	s.addClients(backwards...)
	s.hasClients(all...)

	sameID, sameKey := SomeClient(5), SomeClient(6)
	sameID.ID, sameKey.KeyHash = all[0].ID, all[0].KeyHash
	for _, c := range []directory.Client{sameID, sameKey} {
		if err := s.d.AddClient(s.ctx, c); !errors.Is(err, directory.ErrTaken) {
			s.Errorf("AddClient(%v): %v, want ErrTaken", c, err)
		}
	}
	s.hasClients(all...)
	s.again()
	s.hasClients(all...)
}

func (s *directorySuite) revoked() {
	a, b := SomeClient(1), SomeClient(2)
	s.addClients(a, b)
	for range 2 {
		if err := s.d.RevokeClient(s.ctx, a.ID); err != nil {
			s.Fatal(err)
		}
	}
	a.Revoked = true
	s.hasClients(a, b)
	s.again()
	s.hasClients(a, b)
	if err := s.d.RevokeClient(s.ctx, domain.ClientID{7}); !errors.Is(err, directory.ErrUnknown) {
		s.Errorf("RevokeClient of nobody: %v, want ErrUnknown", err)
	}
}

func (s *directorySuite) root() {
	for _, token := range []string{"first", "second"} {
		want := directory.HashKey(token)
		if err := s.d.SetRootHash(s.ctx, want); err != nil {
			s.Fatal(err)
		}
		for range 2 {
			if got, err := s.d.RootHash(s.ctx); err != nil || got != want {
				s.Fatalf("RootHash gives %x, %v, want %x", got, err, want)
			}
			s.again()
		}
	}
}
