package schemas

import (
	"dendro/domain"
	"dendro/domain/pool"
)

// poolEvents lists the events of pools.
var poolEvents = []kind{
	of(domain.KindPool, 1, poolOpened),
	of(domain.KindPool, 1, poolConfigured),
	of(domain.KindPool, 1, lotteryDrawn),
	of(domain.KindPool, 1, backlogActivated),
}

func poolOpened(w *wire, e *pool.Opened) {
	name(w, "language", &e.Language)
	num(w, "bucket", &e.Bucket)
	num(w, "revision", &e.Revision)
	part(w, "policy", &e.Policy, policyMembers)
}

func poolConfigured(w *wire, e *pool.Configured) {
	num(w, "revision", &e.Revision)
	part(w, "policy", &e.Policy, policyMembers)
}

func lotteryDrawn(w *wire, e *pool.LotteryDrawn) {
	big(w, "seed", &e.Seed)
	num(w, "authors", &e.Authors)
	num(w, "weight", &e.Weight)
	text(w, "digest", &e.Digest)
	optID(w, "author", &e.Author)
	num(w, "prompts", &e.Prompts)
	id(w, "tree", &e.Tree)
	num(w, "growing", &e.Growing)
	num(w, "max_active_trees", &e.MaxActive)
}

func backlogActivated(w *wire, e *pool.BacklogActivated) {
	id(w, "tree", &e.Tree)
	big(w, "seed", &e.Seed)
	name(w, "reason", &e.Reason)
}
