package postgres

import (
	"fmt"
	"slices"
	"strings"

	"dendro/projections"
)

// table describes the table of one kind of row: what it is called here, the
// columns, and which of them are the key. Make it with newTable.
type table[R any] struct {
	name    string
	columns []column[R]
	key     []column[R]
	final   bool // see anyTable

	put, remove statement
	after       []statement // of a commit that puts or removes
	selects     string      // "SELECT …, … FROM …"
}

// statement is one of those that commits are made of; its name is what it is
// prepared under.
type statement struct{ name, sql string }

// newTable makes a table. Keys are the names of its key's columns, among which
// unique may add others that its unique index has.
func newTable[R any](name string, keys []string, columns ...column[R]) *table[R] {
	t := &table[R]{name: "views." + name, columns: columns}
	for _, key := range keys {
		t.key = append(t.key, columns[slices.IndexFunc(columns, func(c column[R]) bool { return c.name == key })])
	}
	t.put = statement{"put " + name, t.upsert(names(t.key))}
	t.remove = statement{"remove " + name, t.deletion()}
	var read []string
	for _, c := range columns {
		if c.get != nil {
			read = append(read, c.name)
		}
	}
	t.selects = "SELECT " + strings.Join(read, ", ") + " FROM " + t.name
	return t
}

// String gives schema and name.
func (t *table[R]) String() string { return t.name }

func (t *table[R]) columnNames() []string { return names(t.columns) }

func (t *table[R]) isFinal() bool { return t.final }

func names[R any](columns []column[R]) (out []string) {
	for _, c := range columns {
		out = append(out, c.name)
	}
	return out
}

// unnest writes the columns as a table made of arrays, which are the
// statement's arguments.
func unnest[R any](columns []column[R]) string {
	args := make([]string, len(columns))
	for i, c := range columns {
		args[i] = fmt.Sprintf("$%d::%s[]", i+1, c.kind.name)
	}
	return "unnest(" + strings.Join(args, ", ") + ")"
}

// upsert writes the statement that puts rows in their places.
func (t *table[R]) upsert(unique []string) string {
	return t.insert("SELECT * FROM "+unnest(t.columns), unique)
}

func (t *table[R]) insert(rows string, unique []string) string {
	var set []string
	for _, name := range names(t.columns) {
		if !slices.Contains(unique, name) {
			set = append(set, name+" = excluded."+name)
		}
	}
	then := "NOTHING"
	if len(set) > 0 {
		then = "UPDATE SET " + strings.Join(set, ", ")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) %s ON CONFLICT (%s) DO %s",
		t.name, strings.Join(names(t.columns), ", "), rows, strings.Join(unique, ", "), then)
}

// deletion writes the statement that takes the rows with some keys away.
func (t *table[R]) deletion() string {
	keys := strings.Join(names(t.key), ", ")
	return fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (SELECT * FROM %s)", t.name, keys, unnest(t.key))
}

// gather begins to gather a commit's changes of the table.
func (t *table[R]) gather() gathering { return &changes[R]{of: t, at: map[string]int{}} }

// gathering is what a commit does to one table.
type gathering interface {
	// take takes a change in; false when the row is of another table.
	take(c projections.Change) bool
	// statements calls do with those that make the changes.
	statements(do func(s statement, args [][]byte))
	// copyTo copies what the changes leave in an empty table, and forgets them.
	copyTo(c *copying) error
}

// changes keeps the last change of every key.
type changes[R any] struct {
	of   *table[R]
	at   map[string]int // by key
	last []change[R]
	key  []byte
}

type change[R any] struct {
	row  *R
	gone bool
}

func (g *changes[R]) take(c projections.Change) bool {
	row, ok := any(c.Row).(*R)
	if !ok {
		return false
	}
	g.key = g.key[:0]
	for i := range g.of.key {
		g.key = g.of.key[i].put(g.key, row)
	}
	if i, before := g.at[string(g.key)]; before {
		g.last[i] = change[R]{row, c.Gone}
		return true
	}
	g.at[string(g.key)] = len(g.last)
	g.last = append(g.last, change[R]{row, c.Gone})
	return true
}

func (g *changes[R]) statements(do func(statement, [][]byte)) {
	var put, gone []*R
	for _, c := range g.last {
		if c.gone {
			gone = append(gone, c.row)
		} else {
			put = append(put, c.row)
		}
	}
	if len(put) > 0 {
		do(g.of.put, arrays(g.of.columns, put))
	}
	if len(gone) > 0 {
		do(g.of.remove, arrays(g.of.key, gone))
	}
	if len(put)+len(gone) == 0 {
		return
	}
	for _, s := range g.of.after {
		do(s, nil)
	}
}

func arrays[R any](columns []column[R], rows []*R) [][]byte {
	out := make([][]byte, len(columns))
	for i := range columns {
		out[i] = columns[i].array(rows)
	}
	return out
}
