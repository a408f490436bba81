package adaptertest

import (
	"dendro/domain"
	"dendro/projections"
	"dendro/projections/statistics"
)

var statisticsTests = []storeTest{
	{"counts are sorted, without those of 0", (*storeSuite).counts},
}

func (s *storeSuite) counts() {
	answer(s.store.Counts(s.ctx)).is(s, "no counts", statistics.Counts{})
	s.put(
		&statistics.Messages{Language: "en", Role: domain.Prompter, N: 1},
		&statistics.Messages{Language: "en", Role: domain.Assistant, Synthetic: true, Deleted: true, N: 3},
		&statistics.Messages{Language: "en", Role: domain.Assistant, Synthetic: true, N: 2},
		&statistics.Messages{Language: "en", Role: domain.Assistant, N: 8},
		&statistics.Messages{Language: "de", Role: domain.Prompter, N: 4},
		&statistics.Messages{Language: "en", Role: domain.Prompter, N: 6},
		&statistics.Messages{Language: "xx", Role: domain.Prompter, N: 0},
		&statistics.Trees{Language: "en", State: domain.ReadyForExport, N: 2},
		&statistics.Trees{Language: "en", State: domain.Growing, N: 1},
		&statistics.Trees{Language: "de", State: domain.Growing, N: 7},
		&statistics.Trees{Language: "fr", State: domain.Growing, N: 1},
	)
	s.commit(
		projections.Remove(&statistics.Trees{Language: "fr", State: domain.Growing}),
		projections.Put(&statistics.Consents{N: 5}),
	)
	want := statistics.Counts{
		Messages: []statistics.Messages{
			{Language: "de", Role: domain.Prompter, N: 4},
			{Language: "en", Role: domain.Assistant, N: 8},
			{Language: "en", Role: domain.Assistant, Synthetic: true, N: 2},
			{Language: "en", Role: domain.Assistant, Synthetic: true, Deleted: true, N: 3},
			{Language: "en", Role: domain.Prompter, N: 6},
		},
		Trees: []statistics.Trees{
			{Language: "de", State: domain.Growing, N: 7}, {Language: "en", State: domain.Growing, N: 1}, {Language: "en", State: domain.ReadyForExport, N: 2},
		},
		Consents: 5,
	}
	answer(s.store.Counts(s.ctx)).is(s, "counts", want)
	s.commit(projections.Remove(&statistics.Consents{}))
	want.Consents = 0
	answer(s.store.Counts(s.ctx)).is(s, "counts without consents", want)
}
