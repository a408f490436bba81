package schemas

import (
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/domaintest"

	"pgregory.net/rapid"
)

// CheckEnvelope and AppendRecord refuse the same envelopes.
func TestCheckEnvelope(t *testing.T) {
	spoils := map[string]func(*domain.Recorded){
		"nothing":             func(*domain.Recorded) {},
		"no seq":              func(r *domain.Recorded) { r.Position.Seq = 0 },
		"no version":          func(r *domain.Recorded) { r.Version = 0 },
		"a partition too far": func(r *domain.Recorded) { r.Position.Partition = domain.MaxPartitions },
		"half a microsecond":  func(r *domain.Recorded) { r.Time = r.Time.Add(500) },
		"another zone":        func(r *domain.Recorded) { r.Time = r.Time.In(time.FixedZone("", 3600)) },
		"broken text":         func(r *domain.Recorded) { r.Actor.ID = "\xff" },
	}
	rapid.Check(t, func(t *rapid.T) {
		sound := domaintest.AnyRecorded().Draw(t, "event")
		for name, spoil := range spoils {
			r := sound
			spoil(&r)
			_, want := AppendRecord(nil, r)
			if got := CheckEnvelope(r); (got == nil) != (want == nil) || (want == nil) != (name == "nothing") {
				t.Errorf("with %s CheckEnvelope says %v, AppendRecord %v", name, got, want)
			}
		}
	})
}
