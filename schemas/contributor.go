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
