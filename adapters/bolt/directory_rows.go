package bolt

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/directory"

	"go.etcd.io/bbolt"
)

// The buckets of a directory. A row is a version byte and JSON, an id its 16
// bytes. A name holds no zero byte, so that one ends it in a key and keys sort as
// names do, and then as ids.
var (
	personTable   = []byte("persons")       // id → person
	loginTable    = []byte("logins")        // client, method, 0, username → id
	usernameTable = []byte("usernames")     // username, 0, id → client, method
	displayTable  = []byte("display names") // display name, 0, id → client, method
	clientTable   = []byte("clients")       // id → client
	keyTable      = []byte("keys")          // hash of a key → id of its client
	aboutTable    = []byte("directory")     // the keys below

	formatKey  = []byte("format")  // 2 bytes, big-endian
	rootKey    = []byte("root")    // the root token's hash
	erasingKey = []byte("erasing") // there while the file holds bytes of an erased row
)

var rowTables = [][]byte{personTable, loginTable, usernameTable, displayTable, clientTable, keyTable}

const (
	directoryFormat = 1
	rowVersion      = 1
	idSize          = 16
)

func createTables(tx *bbolt.Tx) error {
	for _, name := range slices.Concat(rowTables, [][]byte{aboutTable}) {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return tx.Bucket(aboutTable).Put(formatKey, binary.BigEndian.AppendUint16(nil, directoryFormat))
}

// checkTables answers errNoDirectory, or an error that wraps ErrNewer.
func checkTables(tx *bbolt.Tx) error {
	about := tx.Bucket(aboutTable)
	if about == nil {
		return errNoDirectory
	}
	format := about.Get(formatKey)
	if len(format) != 2 {
		return errNoDirectory
	}
	if n := binary.BigEndian.Uint16(format); n != directoryFormat {
		return fmt.Errorf("%w: its format is %d, this program knows %d; use the program that wrote it", ErrNewer, n, directoryFormat)
	}
	for _, name := range rowTables {
		if tx.Bucket(name) == nil {
			return errNoDirectory
		}
	}
	return nil
}

// tables are the buckets in a transaction, and what has become of them in it.
type tables struct {
	tx      *bbolt.Tx
	err     error // the first that bbolt gave: nothing of the transaction may be kept
	changed bool
	clients bool // the clients or the root token may have changed
	rewrite bool // the file is to be rewritten
}

func (t *tables) get(table, key []byte) []byte { return t.tx.Bucket(table).Get(key) }

func (t *tables) put(table, key, value []byte) {
	t.changed = true
	if t.err == nil {
		t.err = t.tx.Bucket(table).Put(key, value)
	}
}

func (t *tables) remove(table, key []byte) {
	t.changed = true
	if t.err == nil {
		t.err = t.tx.Bucket(table).Delete(key)
	}
}

// personRow is a stored directory.Person, whose id is its key.
type personRow struct {
	Client      domain.ClientID `json:"client"`
	Method      string          `json:"method"`
	Username    string          `json:"username"`
	DisplayName string          `json:"display_name,omitempty"`
	Notes       string          `json:"notes,omitempty"`
	Created     int64           `json:"created"` // microseconds since 1970
}

// clientRow is a stored directory.Client, whose id is its key.
type clientRow struct {
	KeyHash      []byte `json:"key_hash"`
	Description  string `json:"description,omitempty"`
	FrontendType string `json:"frontend_type,omitempty"`
	AdminEmail   string `json:"admin_email,omitempty"`
	Trusted      bool   `json:"trusted,omitempty"`
	Revoked      bool   `json:"revoked,omitempty"`
	Created      int64  `json:"created"` // microseconds since 1970
}

func encodePerson(p directory.Person) ([]byte, error) {
	return encodeRow(personRow{
		Client: p.Client, Method: p.Login.Method, Username: p.Login.Username,
		DisplayName: p.DisplayName, Notes: p.Notes, Created: p.Created.UnixMicro(),
	})
}

func decodePerson(id domain.ContributorID, b []byte) (directory.Person, error) {
	var row personRow
	err := decodeRow(b, &row)
	return directory.Person{
		ID: id, Client: row.Client, Login: directory.Login{Method: row.Method, Username: row.Username},
		DisplayName: row.DisplayName, Notes: row.Notes, Created: time.UnixMicro(row.Created).UTC(),
	}, err
}

func encodeClient(c directory.Client) ([]byte, error) {
	return encodeRow(clientRow{
		KeyHash: c.KeyHash[:], Description: c.Description, FrontendType: c.FrontendType,
		AdminEmail: c.AdminEmail, Trusted: c.Trusted, Revoked: c.Revoked, Created: c.Created.UnixMicro(),
	})
}

func decodeClient(id domain.ClientID, b []byte) (directory.Client, error) {
	var row clientRow
	err := decodeRow(b, &row)
	c := directory.Client{
		ID: id, Description: row.Description, FrontendType: row.FrontendType,
		AdminEmail: row.AdminEmail, Trusted: row.Trusted, Revoked: row.Revoked, Created: time.UnixMicro(row.Created).UTC(),
	}
	copy(c.KeyHash[:], row.KeyHash)
	return c, err
}

func encodeRow(row any) ([]byte, error) {
	b, err := json.Marshal(row)
	return append([]byte{rowVersion}, b...), err
}

func decodeRow(b []byte, row any) error {
	if len(b) == 0 || b[0] != rowVersion {
		return fmt.Errorf("a row of the directory was %w; use the program that wrote it", ErrNewer)
	}
	if err := json.Unmarshal(b[1:], row); err != nil {
		return fmt.Errorf("a row of the directory is damaged, restore it from a copy: %w", err)
	}
	return nil
}

func loginKey(client domain.ClientID, login directory.Login) []byte {
	b := make([]byte, 0, idSize+len(login.Method)+1+len(login.Username))
	b = append(b, client[:]...)
	b = append(b, login.Method...)
	b = append(b, 0)
	return append(b, login.Username...)
}

func nameKey(name string, id domain.ContributorID) []byte {
	b := make([]byte, 0, len(name)+1+idSize)
	b = append(b, name...)
	b = append(b, 0)
	return append(b, id[:]...)
}

// nameValue is what of a row a list can be narrowed by, so that it reads no row
// in vain.
func nameValue(p directory.Person) []byte { return append(p.Client[:], p.Login.Method...) }

// nameEntry gives of the row behind an entry of a name table what the query
// looks at.
func nameEntry(o directory.Order, key, value []byte) (p directory.Person, err error) {
	end := len(key) - idSize - 1
	if end < 0 || key[end] != 0 || len(value) < idSize {
		return p, fmt.Errorf("an entry of the directory's %s table is damaged; restore it from a copy", o)
	}
	copy(p.ID[:], key[end+1:])
	copy(p.Client[:], value)
	p.Login.Method = string(value[idSize:])
	if o == directory.ByDisplayName {
		p.DisplayName = string(key[:end])
	} else {
		p.Login.Username = string(key[:end])
	}
	return p, nil
}
