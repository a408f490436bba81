// Package directory says what is known of people and API clients outside the
// log (design §9): names, logins, keys. The log knows contributors and clients
// by their random ids alone; a Directory maps them, and can forget.
package directory

import (
	"context"
	"errors"
	"time"

	"dendro/domain"
)

// Login is how a frontend names a contributor; unique per API client.
type Login struct {
	Method   string // "discord", "google", "local" or "system"
	Username string
}

// Person is a contributor's row.
type Person struct {
	ID          domain.ContributorID
	Client      domain.ClientID // whose contributor it is
	Login       Login
	DisplayName string
	Notes       string // by moderators
	Created     time.Time
}

// Client is an API client's row. The key itself is nowhere: it is shown once.
type Client struct {
	ID           domain.ClientID
	KeyHash      [32]byte // SHA-256 of the key
	Description  string
	FrontendType string
	AdminEmail   string
	Trusted      bool
	Revoked      bool
	Created      time.Time
}

// What a directory answers beside success; test with errors.Is.
var (
	ErrUnknown = errors.New("the directory does not know it")
	ErrTaken   = errors.New("the login belongs to another contributor")
)

// People maps contributors to their names. What returned without error is
// durable. All methods may be called concurrently.
type People interface {
	// Person gives a row by id: ErrUnknown.
	Person(ctx context.Context, id domain.ContributorID) (Person, error)
	// ByLogin gives the row of a client's login: ErrUnknown.
	ByLogin(ctx context.Context, client domain.ClientID, login Login) (Person, error)
	// Add makes a row; where the login has one already, that one is given back
	// and nothing is changed.
	Add(ctx context.Context, p Person) (Person, error)
	// Update changes DisplayName and Notes of a row: ErrUnknown.
	Update(ctx context.Context, p Person) error
	// Erase removes a row, and every byte of it from what is stored. Of a row
	// that is not there nothing is left to do.
	Erase(ctx context.Context, id domain.ContributorID) error
	// List gives rows in the order asked for.
	List(ctx context.Context, q Query) ([]Person, error)
}

// Order is what List sorts by; then by contributor id.
type Order string

// The orders.
const (
	ByUsername    Order = "username"
	ByDisplayName Order = "display_name"
)

// Query chooses rows. The zero value of a field does not limit.
type Query struct {
	Order  Order
	Client domain.ClientID
	Method string
	Search string // somewhere in the name sorted by, without regard to case
	After  *Key   // exclusive
	Before *Key   // exclusive
	Desc   bool
	Max    int // at least 1
}

// Key is a place in an order. Without ID it stands, in either direction,
// outside of all rows of its name: as After or Before it lets them in.
type Key struct {
	Name string
	ID   domain.ContributorID // zero: none
}

// Clients keeps API clients. What returned without error is durable. All
// methods may be called concurrently.
type Clients interface {
	// ByKey gives the client of a key's hash, revoked ones too: ErrUnknown.
	ByKey(ctx context.Context, hash [32]byte) (Client, error)
	// AddClient makes a row; its ID and KeyHash are new.
	AddClient(ctx context.Context, c Client) error
	// RevokeClient shuts a client out: ErrUnknown.
	RevokeClient(ctx context.Context, id domain.ClientID) error
	// ListClients gives all, oldest first.
	ListClients(ctx context.Context) ([]Client, error)
	// RootHash is the SHA-256 of the root token; zero when none was ever set.
	RootHash(ctx context.Context) ([32]byte, error)
	// SetRootHash keeps it.
	SetRootHash(ctx context.Context, hash [32]byte) error
}

// Directory is both.
type Directory interface {
	People
	Clients
}
