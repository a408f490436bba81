package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/directory"

	"github.com/google/go-cmp/cmp"
)

// DirectorySuite holds a directory to the contracts of directory.People and
// directory.Clients. Open makes an empty directory, and cleans up after the
// test; reopen closes it and opens it again, as another process would. A
// directory that keeps nothing gives itself.
func DirectorySuite(t *testing.T, open func(t *testing.T) (d directory.Directory, reopen func(t *testing.T) directory.Directory)) {
	for _, c := range []struct {
		name string
		run  func(*directorySuite)
	}{
		{"an empty directory knows nothing", (*directorySuite).empty},
		{"a row is found by id and by login", (*directorySuite).found},
		{"a login has one row", (*directorySuite).oneRow},
		{"a login that many add at once has one row", (*directorySuite).race},
		{"what a row may not hold is refused", (*directorySuite).refused},
		{"an update changes names and notes alone", (*directorySuite).update},
		{"an erased row is gone, and its login free", (*directorySuite).erase},
		{"lists are what a query says", (*directorySuite).lists},
		{"any query is answered as a plain reading of it would", (*directorySuite).anyList},
		{"pages cover everything once", (*directorySuite).pages},
		{"any changes are kept as a map would", (*directorySuite).anyChanges},
		{"clients are found by key", (*directorySuite).clients},
		{"a revoked client stays so", (*directorySuite).revoked},
		{"the root token is replaced", (*directorySuite).root},
		{"a cancelled call changes nothing", (*directorySuite).cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			d, reopen := open(t)
			c.run(&directorySuite{T: t, ctx: ctx, d: d, reopen: reopen})
		})
	}
}

// directorySuite is one test of DirectorySuite.
type directorySuite struct {
	*testing.T
	ctx    context.Context
	d      directory.Directory
	reopen func(*testing.T) directory.Directory
}

var dawn = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// SomePerson is the n-th of a directory's test persons, of one of three clients.
func SomePerson(n int) directory.Person {
	return directory.Person{
		ID:          domain.ContributorID{0: 1, 14: byte(n >> 8), 15: byte(n)},
		Client:      domain.ClientID{15: byte(1 + n%3)},
		Login:       directory.Login{Method: directory.Methods[n%len(directory.Methods)], Username: fmt.Sprintf("login-%04d", n)},
		DisplayName: fmt.Sprintf("Name %04d", n),
		Created:     dawn.Add(time.Duration(n) * time.Microsecond),
	}
}

// SomeClient is the n-th of a directory's test clients.
func SomeClient(n int) directory.Client {
	return directory.Client{
		ID:      domain.ClientID{0: 1, 15: byte(n)},
		KeyHash: directory.HashKey(fmt.Sprint("key ", n)), Description: fmt.Sprint("client ", n),
		FrontendType: "web", AdminEmail: "admin@example.org", Trusted: n%2 == 0,
		Created: dawn.Add(time.Duration(n) * time.Hour),
	}
}

func (s *directorySuite) add(people ...directory.Person) {
	s.Helper()
	for _, p := range people {
		if got, err := s.d.Add(s.ctx, p); err != nil || got != p.Kept() {
			s.Fatalf("Add(%v) gives %v, %v", p, got, err)
		}
	}
}

func (s *directorySuite) erased(id domain.ContributorID) {
	s.Helper()
	if err := s.d.Erase(s.ctx, id); err != nil {
		s.Fatalf("Erase: %v", err)
	}
}

// holds expects exactly these rows, however they are asked for.
func (s *directorySuite) holds(people ...directory.Person) {
	s.Helper()
	all := directory.Query{Max: len(people) + 10}
	for _, all.Order = range []directory.Order{directory.ByUsername, directory.ByDisplayName} {
		if diff := cmp.Diff(plainList(people, all), s.list(all), noNil); diff != "" {
			s.Fatalf("all by %s (-want +got):\n%s", all.Order, diff)
		}
	}
	ids, want := []domain.ContributorID{{0xee}}, []directory.Person{{}}
	for _, p := range people {
		ids, want = append(ids, p.ID), append(want, p)
	}
	if got, err := s.d.Persons(s.ctx, ids); err != nil || !slices.Equal(got, want) {
		s.Fatalf("Persons gives %v, %v, want %v", got, err, want)
	}
	for _, p := range people {
		if got, err := s.d.Person(s.ctx, p.ID); err != nil || got != p {
			s.Fatalf("Person(%s) gives %v, %v, want %v", p.ID, got, err, p)
		}
		if got, err := s.d.ByLogin(s.ctx, p.Client, p.Login); err != nil || got != p {
			s.Fatalf("ByLogin(%s, %v) gives %v, %v, want %v", p.Client, p.Login, got, err, p)
		}
	}
}

// lacks expects neither id nor login.
func (s *directorySuite) lacks(p directory.Person) {
	s.Helper()
	if got, err := s.d.Person(s.ctx, p.ID); !errors.Is(err, directory.ErrUnknown) {
		s.Fatalf("Person(%s) gives %v, %v, want ErrUnknown", p.ID, got, err)
	}
	if got, err := s.d.ByLogin(s.ctx, p.Client, p.Login); !errors.Is(err, directory.ErrUnknown) {
		s.Fatalf("ByLogin(%s, %v) gives %v, %v, want ErrUnknown", p.Client, p.Login, got, err)
	}
}

// again opens the directory again.
func (s *directorySuite) again() { s.d = s.reopen(s.T) }

func (s *directorySuite) empty() {
	s.holds()
	s.lacks(SomePerson(1))
	s.lacks(directory.Person{})
	s.erased(SomePerson(1).ID)
	if err := s.d.Update(s.ctx, SomePerson(1)); !errors.Is(err, directory.ErrUnknown) {
		s.Errorf("Update: %v, want ErrUnknown", err)
	}
	if err := s.d.RevokeClient(s.ctx, SomeClient(1).ID); !errors.Is(err, directory.ErrUnknown) {
		s.Errorf("RevokeClient: %v, want ErrUnknown", err)
	}
	s.hasClients()
	if got, err := s.d.RootHash(s.ctx); err != nil || got != [32]byte{} {
		s.Errorf("RootHash gives %x, %v", got, err)
	}
}

func (s *directorySuite) found() {
	p := SomePerson(1)
	p.Notes = "speaks <b>three</b> languages\n\u2028"
	p.Created = time.Date(2024, 5, 1, 14, 0, 0, 1999, time.FixedZone("", 7200))
	s.add(p)
	p.Created = dawn.Add(time.Microsecond)
	s.holds(p)
	other := p
	other.Login.Username += "x"
	if got, err := s.d.ByLogin(s.ctx, p.Client, other.Login); !errors.Is(err, directory.ErrUnknown) {
		s.Errorf("a longer username gives %v, %v, want ErrUnknown", got, err)
	}
	s.again()
	s.holds(p)
}

func (s *directorySuite) oneRow() {
	first, second := SomePerson(1), SomePerson(2)
	s.add(first)
	second.Client, second.Login = first.Client, first.Login
	if got, err := s.d.Add(s.ctx, second); err != nil || got != first {
		s.Fatalf("a login is added again: %v, %v, want the row that is there", got, err)
	}
	s.holds(first)

	inOtherClient, byOtherMethod := SomePerson(3), SomePerson(4)
	inOtherClient.Client, inOtherClient.Login = domain.ClientID{15: 9}, first.Login
	byOtherMethod.Client, byOtherMethod.Login = first.Client, directory.Login{Method: directory.MethodSystem, Username: first.Login.Username}
	s.add(inOtherClient, byOtherMethod)
	s.holds(first, inOtherClient, byOtherMethod)

	taken := SomePerson(5)
	taken.ID = first.ID
	if got, err := s.d.Add(s.ctx, taken); !errors.Is(err, directory.ErrTaken) {
		s.Fatalf("an id is added again: %v, %v, want ErrTaken", got, err)
	}
	s.holds(first, inOtherClient, byOtherMethod)
}

// Load of the race test.
const (
	rivalsPerLogin = 8
	racedLogins    = 8
)

// race adds the same logins many times at once, under other ids each.
func (s *directorySuite) race() {
	var wg sync.WaitGroup
	answers := make([]directory.Person, rivalsPerLogin*racedLogins)
	failures := make([]error, len(answers))
	for i := range answers {
		p := SomePerson(i)
		p.Client, p.Login = SomePerson(i%racedLogins).Client, SomePerson(i%racedLogins).Login
		wg.Go(func() { answers[i], failures[i] = s.d.Add(s.ctx, p) })
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		s.Fatal(err)
	}
	for i, got := range answers {
		if got != answers[i%racedLogins] {
			s.Errorf("one login has the rows %v and %v", got, answers[i%racedLogins])
		}
	}
	s.holds(answers[:racedLogins]...)
}

func (s *directorySuite) refused() {
	bad := SomePerson(1)
	bad.Login.Username = "a\x00b"
	if got, err := s.d.Add(s.ctx, bad); domain.RefusalKind(err) != domain.Invalid {
		s.Errorf("a bad row is added: %v, %v", got, err)
	}
	p := SomePerson(1)
	s.add(p)
	long := p
	long.Notes = strings.Repeat("x", directory.MaxNotes+1)
	if err := s.d.Update(s.ctx, long); domain.RefusalKind(err) != domain.Invalid {
		s.Errorf("a row becomes bad: %v", err)
	}
	if err := s.d.AddClient(s.ctx, directory.Client{}); domain.RefusalKind(err) != domain.Invalid {
		s.Errorf("a bad client is added: %v", err)
	}
	if got, err := s.d.List(s.ctx, directory.Query{Order: directory.ByUsername}); domain.RefusalKind(err) != domain.Invalid {
		s.Errorf("a bad query gives %v, %v", got, err)
	}
	s.holds(p)
	s.hasClients()
}

func (s *directorySuite) update() {
	p, other := SomePerson(1), SomePerson(2)
	s.add(p, other)
	change := directory.Person{ID: p.ID, DisplayName: "Zoë", Notes: "kind", Created: dawn.Add(time.Hour)}
	if err := s.d.Update(s.ctx, change); err != nil {
		s.Fatal(err)
	}
	p.DisplayName, p.Notes = change.DisplayName, change.Notes
	s.holds(p, other)
	s.again()
	s.holds(p, other)
	for _, name := range []string{"", other.DisplayName} {
		p.DisplayName, p.Notes = name, ""
		if err := s.d.Update(s.ctx, p); err != nil {
			s.Fatal(err)
		}
		s.holds(p, other)
	}
}

func (s *directorySuite) erase() {
	p, other := SomePerson(1), SomePerson(2)
	s.add(p, other)
	s.erased(p.ID)
	s.lacks(p)
	s.holds(other)
	s.erased(p.ID)
	s.again()
	s.lacks(p)
	s.holds(other)
	next := SomePerson(3)
	next.Client, next.Login = p.Client, p.Login
	s.add(next)
	s.holds(other, next)
}

func (s *directorySuite) cancelled() {
	p, c := SomePerson(1), SomeClient(1)
	s.add(p)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, added := s.d.Add(ctx, SomePerson(2))
	_, byID := s.d.Person(ctx, p.ID)
	_, byLogin := s.d.ByLogin(ctx, p.Client, p.Login)
	_, listed := s.d.List(ctx, directory.Query{Order: directory.ByUsername, Max: 1})
	_, byKey := s.d.ByKey(ctx, c.KeyHash)
	_, clients := s.d.ListClients(ctx)
	_, root := s.d.RootHash(ctx)
	for i, err := range []error{
		added, byID, byLogin, listed, byKey, clients, root,
		s.d.Update(ctx, directory.Person{ID: p.ID}), s.d.Erase(ctx, p.ID),
		s.d.AddClient(ctx, c), s.d.RevokeClient(ctx, c.ID), s.d.SetRootHash(ctx, c.KeyHash),
	} {
		if !errors.Is(err, context.Canceled) {
			s.Errorf("call %d: %v, want context.Canceled", i, err)
		}
	}
	s.holds(p)
	s.hasClients()
}
