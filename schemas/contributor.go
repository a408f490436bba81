package schemas

import (
	"dendro/domain"
	"dendro/domain/contributor"
)

// contributorEvents lists the events of contributors.
var contributorEvents = []kind{
	of(domain.KindContributor, 1, contributorRegistered),
	of(domain.KindContributor, 1, contributorConsented),
	of(domain.KindContributor, 1, contributorUpdated),
	of(domain.KindContributor, 1, contributorDisabled),
	of(domain.KindContributor, 1, contributorEnabled),
	of(domain.KindContributor, 1, contributorMerged),
	of(domain.KindContributor, 1, contributorErased),
	of(domain.KindContributor, 1, purgeProposed),
	of(domain.KindContributor, 1, purgeOrdered),
	of(domain.KindContributor, 1, purgeWithdrawn),
	of(domain.KindContributor, 1, purgeReversed),
	of(domain.KindContributor, 1, purgeCompleted),
}

func contributorRegistered(w *wire, e *contributor.Registered) {
	id(w, "contributor", &e.Contributor)
	optID(w, "client", &e.Client)
}

func contributorConsented(w *wire, e *contributor.Consented) {
	name(w, "terms", &e.Terms)
}

func contributorUpdated(w *wire, e *contributor.Updated) {
	truth(w, "show_on_leaderboard", &e.ShowOnLeaderboard)
}

func contributorDisabled(w *wire, e *contributor.Disabled) {
	optText(w, "reason", &e.Reason)
	optTruth(w, "discount", &e.Discount)
}

func contributorEnabled(w *wire, e *contributor.Enabled) {
	optText(w, "reason", &e.Reason)
}

func contributorMerged(w *wire, e *contributor.Merged) {
	id(w, "from", &e.From)
	id(w, "into", &e.Into)
	optText(w, "reason", &e.Reason)
}

func contributorErased(w *wire, e *contributor.Erased) {
	optText(w, "reason", &e.Reason)
}

func purgeProposed(w *wire, e *contributor.PurgeProposed) {
	id(w, "act", &e.Act)
	purgeScope(w, &e.Scope)
	id(w, "person", &e.Person)
	optText(w, "reason", &e.Reason)
}

func purgeOrdered(w *wire, e *contributor.PurgeOrdered) {
	id(w, "act", &e.Act)
	purgeScope(w, &e.Scope)
	optText(w, "reason", &e.Reason)
	optID(w, "proposer", &e.Proposer)
	optTruth(w, "banned", &e.Banned)
}

func purgeScope(w *wire, s *contributor.PurgeScope) {
	optTruth(w, "keep_prompts", &s.KeepPrompts)
	optInstant(w, "from", &s.From)
	optInstant(w, "to", &s.To)
	optTruth(w, "ban", &s.Ban)
}

func purgeWithdrawn(w *wire, e *contributor.PurgeWithdrawn) {
	id(w, "act", &e.Act)
	optText(w, "reason", &e.Reason)
}

func purgeReversed(w *wire, e *contributor.PurgeReversed) {
	id(w, "act", &e.Act)
	optText(w, "reason", &e.Reason)
}

func purgeCompleted(w *wire, e *contributor.PurgeCompleted) {
	id(w, "act", &e.Act)
}
