package memory_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/statistics"
)

func TestCounts(t *testing.T) {
	s := newShelf(t, 1, 1)
	s.put(
		projections.Put(&statistics.Messages{Language: "en", Role: domain.Prompter, N: 1}),
		projections.Put(&statistics.Messages{Language: "en", Role: domain.Assistant, Synthetic: true, Deleted: true, N: 3}),
		projections.Put(&statistics.Messages{Language: "en", Role: domain.Assistant, Synthetic: true, N: 2}),
		projections.Put(&statistics.Messages{Language: "en", Role: domain.Assistant, N: 8}),
		projections.Put(&statistics.Messages{Language: "de", Role: domain.Prompter, N: 4}),
		projections.Put(&statistics.Messages{Language: "en", Role: domain.Prompter, N: 6}),
		projections.Put(&statistics.Messages{Language: "xx", Role: domain.Prompter, N: 0}),
		projections.Put(&statistics.Trees{Language: "en", State: domain.ReadyForExport, N: 2}),
		projections.Put(&statistics.Trees{Language: "en", State: domain.Growing, N: 1}),
		projections.Put(&statistics.Trees{Language: "de", State: domain.Growing, N: 7}),
		projections.Put(&statistics.Trees{Language: "fr", State: domain.Growing, N: 1}),
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
	got, err := s.store.Counts(context.Background())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, counts (-want +got):\n%s", err, diff)
	}
	s.put(projections.Remove(&statistics.Consents{}))
	if got, err := s.store.Counts(context.Background()); got.Consents != 0 || err != nil {
		t.Errorf("%d consents, %v", got.Consents, err)
	}
}
