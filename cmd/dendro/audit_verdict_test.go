package main

import (
	"encoding/json"
	"testing"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections/audit"
	"dendro/projections/dataset"
)

// The verdict on every message is what the exports hold.
func TestVerdictsAreWhatExportsHold(t *testing.T) {
	log := crowdLog(t, 21, 30, 4000)
	fold := dataset.New()
	reasoning := map[domain.MessageID]*audit.Reasoning{}
	streams := map[domain.StreamID][]domain.MessageID{}
	into, erased := map[domain.ContributorID]domain.ContributorID{}, map[domain.ContributorID]bool{}
	histories := map[domain.StreamID][]domain.Recorded{}
	eachEvent(t, log, func(r domain.Recorded) {
		fold.Apply(r)
		histories[r.Stream] = append(histories[r.Stream], r)
		switch e := r.Payload.(type) {
		case tree.MessagePosted:
			streams[r.Stream] = append(streams[r.Stream], e.Message)
		case contributor.Merged:
			into[e.From] = e.Into
		case contributor.Erased:
			id, _ := r.Stream.Contributor()
			erased[id] = true
		}
	})
	for stream, messages := range streams {
		for _, id := range messages {
			why := audit.Why(id)
			for _, r := range histories[stream] {
				why.Take(&r)
			}
			reasoning[id] = why
		}
	}
	gone := func(id domain.ContributorID) bool {
		for n := 0; n < 10 && !id.IsZero(); n++ {
			if erased[id] {
				return true
			}
			id = into[id]
		}
		return false
	}
	in := func(v dataset.Variant) map[domain.MessageID]bool {
		ids := map[domain.MessageID]bool{}
		_, err := dataset.Read(dataset.Recipe{Variant: v, Format: dataset.Messages}, fold).Write(func(line []byte) error {
			var row struct {
				ID domain.MessageID `json:"message_id"`
			}
			err := json.Unmarshal(line, &row)
			ids[row.ID] = true
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	ready, all := in(dataset.Ready), in(dataset.All)
	out := 0
	for id, why := range reasoning {
		v := why.Verdict(gone)
		if v.Ready != ready[id] || v.All != all[id] {
			t.Errorf("%s: the verdict is %+v, the exports say %v and %v", id, v, ready[id], all[id])
		}
		if !v.All {
			out++
		}
	}
	if len(ready) == 0 || out == 0 || len(all) <= len(ready) {
		t.Errorf("%d messages are ready, %d in all, %d are out: too few to tell", len(ready), len(all), out)
	}
}
