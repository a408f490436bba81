package pool

import (
	"encoding/binary"

	"dendro/domain"
)

// set is an ordered set of ids that knows ranks: a treap whose priorities are
// hashes of the keys, so that its shape, too, depends on its members alone.
// All operations take O(log n).
type set struct {
	root *node
}

type node struct {
	key         domain.MessageID
	priority    uint64
	size        int
	left, right *node
}

func priority(key domain.MessageID) uint64 {
	return domain.NewDice(binary.BigEndian.Uint64(key[:8]) ^ binary.BigEndian.Uint64(key[8:])).Next()
}

func (n *node) count() int {
	if n == nil {
		return 0
	}
	return n.size
}

func (n *node) update() *node {
	n.size = n.left.count() + n.right.count() + 1
	return n
}

// above decides between equal priorities by key, to keep the shape canonical.
func (n *node) above(o *node) bool {
	return n.priority > o.priority || n.priority == o.priority && n.key.Compare(o.key) < 0
}

func (s *set) len() int { return s.root.count() }

func (s *set) has(key domain.MessageID) bool {
	_, ok := s.rank(key)
	return ok
}

// rank tells how many members are smaller.
func (s *set) rank(key domain.MessageID) (rank int, member bool) {
	for n := s.root; n != nil; {
		switch c := key.Compare(n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			rank += n.left.count() + 1
			n = n.right
		default:
			return rank + n.left.count(), true
		}
	}
	return rank, false
}

// at gives the member of the rank, which must be below len.
func (s *set) at(rank int) domain.MessageID {
	n := s.root
	for {
		switch left := n.left.count(); {
		case rank < left:
			n = n.left
		case rank > left:
			rank -= left + 1
			n = n.right
		default:
			return n.key
		}
	}
}

func (s *set) add(key domain.MessageID) {
	if !s.has(key) {
		s.root = insert(s.root, &node{key: key, priority: priority(key), size: 1})
	}
}

func (s *set) remove(key domain.MessageID) {
	if s.has(key) {
		s.root = remove(s.root, key)
	}
}

// move adds or removes the key, or leaves it, by whether it is and will be in.
func (s *set) move(key domain.MessageID, is, will bool) {
	switch {
	case will && !is:
		s.add(key)
	case is && !will:
		s.remove(key)
	}
}

func insert(n, fresh *node) *node {
	if n == nil {
		return fresh
	}
	if fresh.above(n) {
		fresh.left, fresh.right = split(n, fresh.key)
		return fresh.update()
	}
	if fresh.key.Compare(n.key) < 0 {
		n.left = insert(n.left, fresh)
	} else {
		n.right = insert(n.right, fresh)
	}
	return n.update()
}

func split(n *node, key domain.MessageID) (below, from *node) {
	if n == nil {
		return nil, nil
	}
	if n.key.Compare(key) < 0 {
		n.right, from = split(n.right, key)
		return n.update(), from
	}
	below, n.left = split(n.left, key)
	return below, n.update()
}

func remove(n *node, key domain.MessageID) *node {
	switch c := key.Compare(n.key); {
	case c < 0:
		n.left = remove(n.left, key)
	case c > 0:
		n.right = remove(n.right, key)
	default:
		return merge(n.left, n.right)
	}
	return n.update()
}

func merge(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.above(b):
		a.right = merge(a.right, b)
		return a.update()
	default:
		b.left = merge(a, b.left)
		return b.update()
	}
}
