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
	Method   string // one of Methods
	Username string
}

// The methods of a login.
const (
	MethodDiscord = "discord"
	MethodGoogle  = "google"
	MethodLocal   = "local"
	MethodSystem  = "system"
)

// Methods lists all methods.
var Methods = [...]string{MethodDiscord, MethodGoogle, MethodLocal, MethodSystem}

// Person is a contributor's row. Validate tells what it may hold.
type Person struct {
	ID          domain.ContributorID
	Client      domain.ClientID // whose contributor it is
	Login       Login
	DisplayName string
	Notes       string    // by moderators
	Created     time.Time // kept to the microsecond, in UTC
}

// Client is an API client's row. The key itself is nowhere: it is shown once.
// Validate tells what a row may hold.
type Client struct {
	ID           domain.ClientID
	KeyHash      [32]byte // HashKey of the key
	Description  string
	FrontendType string
	AdminEmail   string
	Trusted      bool
	Revoked      bool
	Created      time.Time // kept to the microsecond, in UTC
}

// What a directory answers beside success; test with errors.Is.
var (
	ErrUnknown = errors.New("the directory does not know it")
	ErrTaken   = errors.New("another row of the directory has its id or key")
	ErrClosed  = errors.New("the directory is closed")
)

// People maps contributors to their names. What returned without error is
// durable. After an error other than a *domain.Refusal, ErrUnknown or ErrTaken,
// a change may have been made or not: ask again, which does no harm. All methods
// may be called concurrently.
type People interface {
	// Person gives a row by id: ErrUnknown.
	Person(ctx context.Context, id domain.ContributorID) (Person, error)
	// Persons gives rows in the order of ids, zero ones where there is none.
	Persons(ctx context.Context, ids []domain.ContributorID) ([]Person, error)
	// ByLogin gives the row of a client's login: ErrUnknown.
	ByLogin(ctx context.Context, client domain.ClientID, login Login) (Person, error)
	// Add makes a row, and gives it as it is kept. Where the login has one
	// already, that one is given back and nothing is changed; where another login
	// has the id: ErrTaken. It refuses what Validate refuses.
	Add(ctx context.Context, p Person) (Person, error)
	// Update changes DisplayName and Notes of the row with p's id: ErrUnknown.
	// It refuses what Validate would refuse of the row as it would be.
	Update(ctx context.Context, p Person) error
	// Erase removes a row, and every byte of it, and of what it was before its
	// updates, from what is stored. Of a row that is not there nothing is left to
	// do. After an error ask again, until it succeeds.
	Erase(ctx context.Context, id domain.ContributorID) error
	// List gives the rows that the query takes, in its order. It refuses what
	// the query's Validate refuses.
	List(ctx context.Context, q Query) ([]Person, error)
}

// Clients keeps API clients. What returned without error is durable; after
// other errors than those named, a change may have been made or not. All methods
// may be called concurrently.
type Clients interface {
	// ByKey gives the client of a key's hash, revoked ones too: ErrUnknown.
	ByKey(ctx context.Context, hash [32]byte) (Client, error)
	// AddClient makes a row; its ID and KeyHash are new: ErrTaken. It refuses what
	// Validate refuses.
	AddClient(ctx context.Context, c Client) error
	// RevokeClient shuts a client out, for good: ErrUnknown.
	RevokeClient(ctx context.Context, id domain.ClientID) error
	// ListClients gives all, oldest first, then by id.
	ListClients(ctx context.Context) ([]Client, error)
	// RootHash is the HashKey of the root token; zero when none was ever set.
	RootHash(ctx context.Context) ([32]byte, error)
	// SetRootHash keeps it, instead of the one before.
	SetRootHash(ctx context.Context, hash [32]byte) error
}

// Directory is both.
type Directory interface {
	People
	Clients
}
