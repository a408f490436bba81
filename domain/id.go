package domain

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
)

// ID is a 128-bit identifier of a thing of kind K: a ULID (48 bits of
// milliseconds, 80 bits of entropy), written as UUID text, the form that
// datasets and clients expect. IDs of different kinds do not mix.
type ID[K any] [16]byte

type (
	treeKind        struct{}
	messageKind     struct{}
	taskKind        struct{}
	contributorKind struct{}
	clientKind      struct{}
	eventKind       struct{}
	commandKind     struct{}
	logKind         struct{}
	deletionKind    struct{}
)

// The kinds of identifier. A tree has the id of its root message, and a root
// message that of the task that asked for it: convert between these three
// explicitly. A deletion's id names what one act of deletion took.
type (
	TreeID        = ID[treeKind]
	MessageID     = ID[messageKind]
	TaskID        = ID[taskKind]
	ContributorID = ID[contributorKind]
	ClientID      = ID[clientKind]
	EventID       = ID[eventKind]
	CommandID     = ID[commandKind]
	LogID         = ID[logKind]
	DeletionID    = ID[deletionKind]
)

// IsZero reports whether the id names nothing.
func (id ID[K]) IsZero() bool { return id == ID[K]{} }

// String gives the UUID text form, 36 lower-case characters.
func (id ID[K]) String() string {
	var b [36]byte
	id.put(&b)
	return string(b[:])
}

func (id ID[K]) put(b *[36]byte) {
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], id[10:16])
}

// MarshalText writes the UUID text form.
func (id ID[K]) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// AppendText appends the UUID text form.
func (id ID[K]) AppendText(dst []byte) ([]byte, error) {
	var b [36]byte
	id.put(&b)
	return append(dst, b[:]...), nil
}

// UnmarshalText reads what MarshalText writes; hex digits in either case.
func (id *ID[K]) UnmarshalText(text []byte) error {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return fmt.Errorf("%q is not a UUID (8-4-4-4-12 hexadecimal digits)", clip(text))
	}
	var raw [32]byte
	n := 0
	for i, c := range text {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		raw[n] = c
		n++
	}
	var out [16]byte
	if _, err := hex.Decode(out[:], raw[:]); err != nil {
		return fmt.Errorf("%q is not a UUID (8-4-4-4-12 hexadecimal digits)", clip(text))
	}
	*id = out
	return nil
}

func clip(b []byte) string {
	if len(b) > 48 {
		return string(b[:48]) + "…"
	}
	return string(b)
}

// Compare orders ids by their bytes: -1, 0 or 1.
func (id ID[K]) Compare(other ID[K]) int { return ulid.ULID(id).Compare(ulid.ULID(other)) }

// ParseID reads the UUID text form; convert the result to the kind it is of.
func ParseID(text string) ([16]byte, error) {
	var id ID[struct{}]
	err := id.UnmarshalText([]byte(text))
	return id, err
}

// Derive makes the ULID that a command gives to the index-th thing of the
// named use ("event", "task", "message", …): the command's own time, and
// entropy hashed from command, use and index. The same command always derives
// the same ids, so that a retry makes the same events.
func Derive(command CommandID, use string, index int) [16]byte {
	var buf [64]byte
	b := append(buf[:0], command[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(index))
	b = append(b, use...)
	sum := sha256.Sum256(b)
	var id [16]byte
	copy(id[:6], command[:6])
	copy(id[6:], sum[:10])
	return id
}

// NewID makes a ULID of the given instant, to the millisecond, and ten bytes
// of entropy.
func NewID(at time.Time, entropy [10]byte) [16]byte {
	var u ulid.ULID
	// The 48 bits of a ULID's time last until the year 10889.
	_ = u.SetTime(uint64(max(at.UnixMilli(), 0)))
	copy(u[6:], entropy[:])
	return u
}
