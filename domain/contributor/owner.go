package contributor

import (
	"slices"

	"dendro/domain"
)

// Into tells what an account was merged into, false when it was not.
type Into func(domain.ContributorID) (domain.ContributorID, bool)

// Owner follows the mergers of an account to their end. Accounts merged in a
// circle belong to the one with the smallest id among them.
func Owner(id domain.ContributorID, into Into) domain.ContributorID {
	if _, merged := into(id); !merged {
		return id
	}
	path, circle := Onward(id, into)
	if circle >= 0 {
		return slices.MinFunc(path[circle:], domain.ContributorID.Compare)
	}
	return path[len(path)-1]
}

// Onward gives an account and those that it was merged into, one after the
// other, each once. Where they were merged in a circle, that begins at a place
// of the path; otherwise circle is -1.
func Onward(id domain.ContributorID, into Into) (path []domain.ContributorID, circle int) {
	path = []domain.ContributorID{id}
	places := map[domain.ContributorID]int{}
	for {
		last := len(path) - 1
		next, merged := into(path[last])
		if !merged {
			return path, -1
		}
		places[path[last]] = last
		if at, again := places[next]; again {
			return path, at
		}
		path = append(path, next)
	}
}
