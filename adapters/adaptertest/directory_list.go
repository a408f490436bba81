package adaptertest

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	"dendro/domain"
	"dendro/domain/directory"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// noNil lets an empty list be nil or not.
var noNil = cmpopts.EquateEmpty()

func (s *directorySuite) list(q directory.Query) []directory.Person {
	s.Helper()
	got, err := s.d.List(s.ctx, q)
	if err != nil {
		s.Fatalf("List(%+v): %v", q, err)
	}
	return got
}

// plainList answers a query as its words say, and with nothing of the query's own code.
func plainList(people []directory.Person, q directory.Query) []directory.Person {
	name := func(p directory.Person) string {
		return map[directory.Order]string{directory.ByUsername: p.Login.Username, directory.ByDisplayName: p.DisplayName}[q.Order]
	}
	behind := func(p directory.Person, k directory.Key) bool {
		if name(p) != k.Name {
			return name(p) > k.Name
		}
		return bytes.Compare(p.ID[:], k.ID[:]) > 0
	}
	var out []directory.Person
	for _, p := range people {
		found := strings.Contains(strings.ToLower(name(p)), strings.ToLower(q.Search))
		ofClient := q.Client.IsZero() || p.Client == q.Client
		byMethod := q.Method == "" || p.Login.Method == q.Method
		after := q.After == nil || behind(p, *q.After)
		before := q.Before == nil || name(p) == q.Before.Name && q.Before.ID.IsZero() ||
			!behind(p, *q.Before) && (name(p) != q.Before.Name || p.ID != q.Before.ID)
		if found && ofClient && byMethod && after && before {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b directory.Person) int {
		if behind(a, directory.Key{Name: name(b), ID: b.ID}) {
			return 1
		}
		return -1
	})
	if q.Desc {
		slices.Reverse(out)
	}
	return out[:min(len(out), q.Max)]
}

// listed are five persons in the order of their usernames, and backwards in
// that of their display names.
func listed() []directory.Person {
	people := []directory.Person{SomePerson(1), SomePerson(2), SomePerson(3), SomePerson(4), SomePerson(5)}
	for i, names := range [][2]string{{"Bo", "e"}, {"ann", "d"}, {"ann", "C"}, {"anna", "Bd"}, {"élan", "A"}} {
		people[i].Login = directory.Login{Method: directory.MethodLocal, Username: names[0]}
		people[i].DisplayName = names[1]
	}
	people[2].Login.Method = directory.MethodGoogle
	return people
}

func (s *directorySuite) lists() {
	people := listed()
	s.add(people...)
	ann, ann2, anna, nobody := people[1].ID, people[2].ID, people[3].ID, domain.ContributorID{}
	key := func(name string, id domain.ContributorID) *directory.Key { return &directory.Key{Name: name, ID: id} }
	type query = directory.Query
	for name, c := range map[string]struct {
		query query
		want  []int
	}{
		"by username":                {query{}, []int{0, 1, 2, 3, 4}},
		"backwards":                  {query{Desc: true}, []int{4, 3, 2, 1, 0}},
		"by display name":            {query{Order: directory.ByDisplayName}, []int{4, 3, 2, 1, 0}},
		"the first two":              {query{Max: 2}, []int{0, 1}},
		"the last two":               {query{Max: 2, Desc: true}, []int{4, 3}},
		"of a client":                {query{Client: people[0].Client}, []int{0, 3}},
		"by a method":                {query{Method: directory.MethodGoogle}, []int{2}},
		"a part of a name":           {query{Search: "NN"}, []int{1, 2, 3}},
		"a name in capitals":         {query{Search: "É"}, []int{4}},
		"a name beside those sorted": {query{Search: "bd"}, nil},
		"the name sorted by":         {query{Search: "bD", Order: directory.ByDisplayName}, []int{3}},
		"after one":                  {query{After: key("ann", ann)}, []int{2, 3, 4}},
		"after one, backwards":       {query{After: key("ann", ann), Desc: true}, []int{4, 3, 2}},
		"from a name":                {query{After: key("ann", nobody)}, []int{1, 2, 3, 4}},
		"from a name, backwards":     {query{After: key("ann", nobody), Desc: true}, []int{4, 3, 2, 1}},
		"before one":                 {query{Before: key("ann", ann2)}, []int{0, 1}},
		"before one, backwards":      {query{Before: key("ann", ann2), Desc: true, Max: 1}, []int{1}},
		"to a name":                  {query{Before: key("ann", nobody)}, []int{0, 1, 2}},
		"to a name, backwards":       {query{Before: key("ann", nobody), Desc: true}, []int{2, 1, 0}},
		"one name":                   {query{After: key("ann", nobody), Before: key("ann", nobody)}, []int{1, 2}},
		"between two":                {query{After: key("ann", ann), Before: key("anna", anna)}, []int{2}},
		"nothing between":            {query{After: key("anna", anna), Before: key("ann", ann)}, nil},
		"a name that nobody has":     {query{After: key("ann!", nobody)}, []int{3, 4}},
	} {
		q := c.query
		if q.Order == "" {
			q.Order = directory.ByUsername
		}
		if q.Max == 0 {
			q.Max = 10
		}
		var want []directory.Person
		for _, i := range c.want {
			want = append(want, people[i])
		}
		if diff := cmp.Diff(want, s.list(q), noNil); diff != "" {
			s.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// names are few and close, so that rows share them and keys hit them.
var names = []string{"a", "A", "a\x01", "a\x01b", "ab", "aB", "b", "é", "É", "日本", "日", "\x7f", "zz"}

// crowd has every name several times, in either column.
func crowd() []directory.Person {
	people := make([]directory.Person, 5*len(names))
	for i := range people {
		p := SomePerson(i * 37 % len(people))
		p.Client = domain.ClientID{15: byte(1 + i/len(names))}
		p.Login.Username = names[i%len(names)]
		p.DisplayName = names[i*i%len(names)]
		people[i] = p
	}
	return people
}

func anyQuery(t *rapid.T) directory.Query {
	anyKey := rapid.Custom(func(t *rapid.T) *directory.Key {
		k := &directory.Key{Name: rapid.SampledFrom(append(names, "", "a\x02", "~")).Draw(t, "name")}
		if rapid.Bool().Draw(t, "with id") {
			k.ID = SomePerson(rapid.IntRange(0, 5*len(names)).Draw(t, "id")).ID
		}
		return k
	})
	anyKey = rapid.OneOf(rapid.Just[*directory.Key](nil), anyKey)
	return directory.Query{
		Order:  rapid.SampledFrom([]directory.Order{directory.ByUsername, directory.ByDisplayName}).Draw(t, "order"),
		Client: domain.ClientID{15: rapid.SampledFrom([]byte{0, 0, 1, 4}).Draw(t, "client")},
		Method: rapid.SampledFrom([]string{"", "", directory.MethodGoogle}).Draw(t, "method"),
		Search: rapid.SampledFrom([]string{"", "", "A", "b", "é", "本"}).Draw(t, "search"),
		After:  anyKey.Draw(t, "after"),
		Before: anyKey.Draw(t, "before"),
		Desc:   rapid.Bool().Draw(t, "desc"),
		Max:    rapid.IntRange(1, 80).Draw(t, "max"),
	}
}

func (s *directorySuite) anyList() {
	people := crowd()
	s.add(people...)
	rapid.Check(s.T, func(t *rapid.T) {
		q := anyQuery(t)
		if diff := cmp.Diff(plainList(people, q), s.list(q), noNil); diff != "" {
			t.Fatalf("List(%+v) (-want +got):\n%s", q, diff)
		}
	})
}

// pages chains lists by the key of their last row, in either direction.
func (s *directorySuite) pages() {
	people := crowd()
	s.add(people...)
	rapid.Check(s.T, func(t *rapid.T) {
		q := anyQuery(t)
		whole := q
		whole.Max = len(people)
		var got []directory.Person
		for page := s.list(q); len(page) > 0; page = s.list(q) {
			got = append(got, page...)
			last := page[len(page)-1]
			key := &directory.Key{Name: q.Name(last), ID: last.ID}
			if q.Desc {
				q.Before = key
			} else {
				q.After = key
			}
		}
		if diff := cmp.Diff(plainList(people, whole), got, noNil); diff != "" {
			t.Fatalf("pages of %+v (-want +got):\n%s", q, diff)
		}
	})
}

// changesTried bounds the test of changes: each may be a sync of a disk.
const changesTried = 200

// anyChanges compares a directory with a map, after each of many seeded changes.
func (s *directorySuite) anyChanges() {
	dice := domain.NewDice(11)
	model := map[domain.ContributorID]directory.Person{}
	for n := range changesTried {
		p := SomePerson(dice.Below(30))
		p.Client, p.Login.Username = domain.ClientID{15: 1}, names[dice.Below(len(names))]
		p.DisplayName = names[dice.Below(len(names))]
		switch dice.Weighted([]int{60, 30, 10, 3}) {
		case 0:
			s.addAs(model, p)
		case 1:
			row, there := model[p.ID]
			if err := s.d.Update(s.ctx, p); (err == nil) != there || err != nil && !errors.Is(err, directory.ErrUnknown) {
				s.Fatalf("change %d: Update: %v, the row is there: %v", n, err, there)
			}
			if there {
				row.DisplayName, row.Notes = p.DisplayName, p.Notes
				model[p.ID] = row
			}
		case 2:
			s.erased(p.ID)
			delete(model, p.ID)
		case 3:
			s.again()
		}
		s.holds(slices.Collect(maps.Values(model))...)
	}
}

// addAs adds a row to both, the directory and the model of it.
func (s *directorySuite) addAs(model map[domain.ContributorID]directory.Person, p directory.Person) {
	s.Helper()
	want, wantErr := p, error(nil)
	if _, there := model[p.ID]; there {
		want, wantErr = directory.Person{}, directory.ErrTaken
	}
	for _, row := range model {
		if row.Client == p.Client && row.Login == p.Login {
			want, wantErr = row, nil
		}
	}
	if got, err := s.d.Add(s.ctx, p); got != want || !errors.Is(err, wantErr) {
		s.Fatalf("Add(%v) gives %v, %v, want %v, %v", p, got, err, want, wantErr)
	}
	if wantErr == nil {
		model[want.ID] = want
	}
}
