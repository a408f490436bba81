package directory

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"dendro/domain"
)

// Order is what List sorts by: the bytes of a name, then the contributor's id.
type Order string

// The orders.
const (
	ByUsername    Order = "username"
	ByDisplayName Order = "display_name"
)

// Query chooses rows. The zero value of a field does not limit.
//
// After and Before are places in the ascending order, whatever Desc says: rows
// stand behind After and in front of Before. Desc turns the order in which they
// are given, and with it which of them Max leaves out.
type Query struct {
	Order  Order
	Client domain.ClientID
	Method string
	Search string // somewhere in the name sorted by, without regard to case
	After  *Key   // exclusive, see Key
	Before *Key   // exclusive
	Desc   bool
	Max    int // at most so many, at least 1
}

// Key is a place in an order. Without ID it stands, in either direction,
// outside of all rows of its name: as After or Before it lets them in.
type Key struct {
	Name string
	ID   domain.ContributorID // zero: none
}

// Validate refuses a query without a known order, with a Max below 1, or with a
// key that no name can be.
func (q Query) Validate() error {
	switch {
	case q.Order != ByUsername && q.Order != ByDisplayName:
		return domain.Refuse(domain.Invalid, "people are sorted by %s or %s, not by %q", ByUsername, ByDisplayName, q.Order)
	case q.Max < 1:
		return domain.Refuse(domain.Invalid, "a list of %d people; ask for at least 1", q.Max)
	}
	for _, k := range []*Key{q.After, q.Before} {
		switch {
		case k == nil:
		case strings.ContainsRune(k.Name, 0):
			return domain.Refuse(domain.Invalid, "a list of people cannot begin or end at a name with a zero byte; use the cursor of a page as it was given")
		case !utf8.ValidString(k.Name):
			return domain.Refuse(domain.Invalid, "a list of people cannot begin or end at a name that is not UTF-8; use the cursor of a page as it was given")
		}
	}
	return nil
}

// Name is what of a row the query sorts and searches by.
func (q Query) Name(p Person) string {
	if q.Order == ByDisplayName {
		return p.DisplayName
	}
	return p.Login.Username
}

// Compare tells which of two rows List gives first.
func (q Query) Compare(a, b Person) int {
	if q.Desc {
		a, b = b, a
	}
	return cmp.Or(strings.Compare(q.Name(a), q.Name(b)), a.ID.Compare(b.ID))
}

// Takes reports whether the query, Max aside, takes a row. It looks at the row's
// id, client, method, and the name sorted by.
func (q Query) Takes(p Person) bool {
	switch {
	case !q.Client.IsZero() && q.Client != p.Client,
		q.Method != "" && q.Method != p.Login.Method,
		q.After != nil && !q.After.outside(q.Name(p), p.ID, -1),
		q.Before != nil && !q.Before.outside(q.Name(p), p.ID, 1):
		return false
	}
	return q.Search == "" || strings.Contains(strings.ToLower(q.Name(p)), strings.ToLower(q.Search))
}

// outside reports whether the key stands in front of the row (side -1) or behind it (1).
func (k *Key) outside(name string, id domain.ContributorID, side int) bool {
	if k.ID.IsZero() && k.Name == name {
		return true
	}
	return cmp.Or(strings.Compare(k.Name, name), k.ID.Compare(id)) == side
}
