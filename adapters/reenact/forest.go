package reenact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/dataset"
)

// node is a row in its conversation.
type node struct {
	row      *dataset.Row
	conv     *conversation
	parent   *node
	children []*node // that can be played, by time
	depth    int
	open     int // rows at and below this one that are still to come

	votes votes
	leave leave

	// As played.
	id      domain.MessageID // zero until posted
	result  tree.Result
	deleted bool
	notes   []note
}

// note is a rule that stood in the way of a row.
type note struct {
	rule Rule
	why  string
}

func (n *node) note(rule Rule, format string, args ...any) {
	n.notes = append(n.notes, note{rule, fmt.Sprintf(format, args...)})
}

// live is the rule's own notion: undeleted and not rejected.
func (n *node) live() bool { return !n.id.IsZero() && !n.deleted && n.result != tree.Rejected }

func (n *node) posted() bool { return !n.id.IsZero() }

func (n *node) wantsDeleted() bool { return n.row.Deleted != nil && *n.row.Deleted }

func (n *node) root() bool { return n.parent == nil }

// conversation is one tree of the file.
type conversation struct {
	root  *node
	nodes []*node // by time, parents before children
	want  domain.TreeState
	goal  int
	// keeper is the first accepted leaf. Its reviews wait until all else is
	// done, so that the tree does not stop growing before.
	keeper *node

	// As played.
	id     domain.TreeID
	state  domain.TreeState
	aside  []*node // deleted for a moment
	closed bool
}

// forest is what of a file can be played.
type forest struct {
	rows  []dataset.Row
	trees []*conversation
	order []*node // all rows that can be played, by time
	// of gives each row's node, nil when it can't be played; then why says why.
	of  []*node
	why []note
}

// plant builds the forest. Rows that make no sense beside the others are left
// out with what is below them.
func plant(rows []dataset.Row) *forest {
	f := &forest{rows: rows, of: make([]*node, len(rows)), why: make([]note, len(rows))}
	first := make(map[domain.MessageID]int, len(rows))
	below := make(map[domain.MessageID][]int, len(rows))
	var roots []int
	for i := range rows {
		r := &rows[i]
		if other, twice := first[r.Message]; twice {
			f.why[i] = note{RuleTwice, fmt.Sprintf("line %d has the same id", rows[other].Line)}
			continue
		}
		first[r.Message] = i
		if r.Parent == nil {
			roots = append(roots, i)
		} else {
			below[*r.Parent] = append(below[*r.Parent], i)
		}
	}
	for _, i := range roots {
		f.grow(i, below)
	}
	f.explainRest(first)
	for _, c := range f.trees {
		slices.SortStableFunc(c.nodes, byTime)
		f.order = append(f.order, c.nodes...)
	}
	slices.SortStableFunc(f.order, byTime)
	return f
}

// byTime keeps parents before children, which are never older.
func byTime(a, b *node) int {
	return cmp.Or(a.row.Created.Compare(*b.row.Created), cmp.Compare(a.depth, b.depth), cmp.Compare(a.row.Line, b.row.Line))
}

// grow adds the tree of the root row at i.
func (f *forest) grow(i int, below map[domain.MessageID][]int) {
	c := &conversation{}
	if f.why[i] = f.fits(nil, &f.rows[i]); f.why[i].rule != "" {
		return
	}
	c.want = domain.ReadyForExport
	if s := f.rows[i].State; s != nil {
		c.want = *s
	}
	f.trees = append(f.trees, c)
	c.root = f.hang(c, nil, i)
	for at := 0; at < len(c.nodes); at++ {
		parent := c.nodes[at]
		for _, j := range below[parent.row.Message] {
			if f.why[j] = f.fits(parent, &f.rows[j]); f.why[j].rule == "" {
				f.hang(c, parent, j)
			}
		}
		slices.SortStableFunc(parent.children, byTime)
	}
}

func (f *forest) hang(c *conversation, parent *node, i int) *node {
	n := &node{row: &f.rows[i], conv: c, parent: parent}
	if parent != nil {
		n.depth = parent.depth + 1
		parent.children = append(parent.children, n)
	}
	for up := n; up != nil; up = up.parent {
		up.open++
	}
	f.of[i] = n
	c.nodes = append(c.nodes, n)
	return n
}

// fits tells why a row can't stand below the parent; nil for a root.
func (f *forest) fits(parent *node, r *dataset.Row) note {
	role := domain.Prompter
	if parent != nil {
		role = parent.row.Role.Other()
	}
	switch {
	case r.Created == nil:
		return note{RuleTime, "it has no created_date"}
	case r.Role != role && parent == nil:
		return note{RuleRole, fmt.Sprintf("a conversation begins with a prompter, not with an %s", r.Role)}
	case r.Role != role:
		return note{RuleRole, fmt.Sprintf("a reply to the %s is the %s's", parent.row.Role, role)}
	case parent != nil && parent.depth == mostPerTree:
		return note{RuleDepth, fmt.Sprintf("no policy allows trees deeper than %d", mostPerTree)}
	case parent != nil && r.Created.Before(*parent.row.Created):
		return note{RuleTime, "it is older than its parent"}
	case strings.TrimSpace(r.Text) == "":
		return note{Rule(domain.TextEmpty), "its text is blank"}
	case utf8.RuneCountInString(r.Text) > mostTextSize:
		return note{Rule(domain.TextTooLong), fmt.Sprintf("no policy allows more than %d characters", mostTextSize)}
	}
	return note{}
}

// explainRest says of the rows that no root leads to why not.
func (f *forest) explainRest(first map[domain.MessageID]int) {
	for i := range f.rows {
		if f.of[i] != nil || f.why[i].rule != "" {
			continue
		}
		f.why[i] = f.lost(i, first)
	}
}

// lost looks up from a row to what keeps it from a root.
func (f *forest) lost(i int, first map[domain.MessageID]int) note {
	parent := *f.rows[i].Parent
	if _, known := first[parent]; !known {
		return note{RuleParent, fmt.Sprintf("its parent %s is not in the file", parent)}
	}
	seen := map[int]bool{}
	for at := i; !seen[at]; {
		seen[at] = true
		up := f.rows[at].Parent
		if up == nil {
			return note{RuleBelow, fmt.Sprintf("message %s above it can't be played", f.rows[at].Message)}
		}
		next, known := first[*up]
		if !known || f.why[next].rule != "" {
			return note{RuleBelow, fmt.Sprintf("message %s above it can't be played", *up)}
		}
		at = next
	}
	return note{RuleParent, "the messages above it form a circle"}
}

// Begin is the time of the earliest row, when a log for the play should begin.
func Begin(rows []dataset.Row) time.Time {
	var at time.Time
	for i := range rows {
		if t := rows[i].Created; t != nil && (at.IsZero() || t.Before(at)) {
			at = *t
		}
	}
	if at.IsZero() {
		at = time.Unix(0, 0).UTC()
	}
	return at
}
