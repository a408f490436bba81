package kafka

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/domain"
	"dendro/domain/domaintest"
	"dendro/schemas"

	"pgregory.net/rapid"
)

// What comes out of a batch is what went in: the canonical bytes, and so the
// roots over them, are those of any other log.
func TestBatchesHoldEvents(t *testing.T) {
	b := newBatcher()
	rapid.Check(t, func(t *rapid.T) {
		p := domain.Partition(rapid.IntRange(0, domain.MaxPartitions-1).Draw(t, "partition"))
		events := rapid.SliceOfN(domaintest.AnyRecorded(), 1, 8).Draw(t, "events")
		for i := range events {
			events[i].Position.Partition = p
		}
		by := producer{rapid.Int64Min(0).Draw(t, "id"), rapid.Int16Min(0).Draw(t, "epoch")}
		sequence := rapid.Int32Min(0).Draw(t, "sequence")
		raw, err := b.encode(by, sequence, events)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := parseBatch(raw)
		if err != nil || len(rest) > 0 || got.by != by || got.sequence != sequence || got.count != int64(len(events)) || got.next() != got.count {
			t.Fatalf("the batch came back as %+v, %v", got, err)
		}
		records, err := got.unfold(nil)
		for i, want := range events {
			if err != nil {
				t.Fatal(err)
			}
			var r record
			if r, records, err = takeRecord(records); err != nil {
				t.Fatal(err)
			}
			e, err := r.event(p, got.first)
			if err != nil || r.offset != int64(i) {
				t.Fatalf("record %d (at %d): %v", i, r.offset, err)
			}
			if !bytes.Equal(canonical(t, e), canonical(t, want)) {
				t.Fatalf("%+v came back as %+v", want, e)
			}
		}
	})
}

func canonical(t interface{ Fatal(...any) }, e domain.Recorded) []byte {
	b, err := schemas.AppendRecord(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// One changed or missing byte of a batch is found, but for those that a broker
// sets.
func TestDamagedBatch(t *testing.T) {
	_, raws := written(t)
	raw := raws[1]
	for i := 16; i < len(raw); i++ {
		bad := bytes.Clone(raw)
		bad[i] ^= 0x10
		if _, _, err := parseBatch(bad); err == nil {
			t.Fatalf("byte %d of %d was changed, and nobody noticed", i, len(raw))
		}
		if _, _, err := parseBatch(raw[:i]); !errors.Is(err, errCut) {
			t.Fatalf("cut off at byte %d: %v", i, err)
		}
	}
}

// written is a partition: two epochs of a producer, and their events.
func written(t testing.TB) ([]domain.Recorded, [][]byte) {
	var last domain.Recorded
	var events []domain.Recorded
	var raws [][]byte
	b := newBatcher()
	for epoch := range int16(2) {
		by := producer{7, epoch}
		claim := newClaim(domain.LogID{1}, 0, by, last, "tester", time.UnixMicro(1_700_000_000_000_123))
		feed := adaptertest.NewFeed(claim, events...)
		sequence := int32(0)
		for _, group := range [][]domain.Recorded{{claim}, feed.Events(adaptertest.Command(int(epoch), 0), 3, 2, 50), feed.Events(adaptertest.Command(int(epoch), 1), 2, 1, 50)} {
			raws = append(raws, stored(t, b, by, sequence, int64(len(events)), group))
			sequence = advance(sequence, int64(len(group)))
			events = append(events, group...)
		}
		last = events[len(events)-1]
	}
	return events, raws
}

// stored is a batch as a broker keeps it from the offset on.
func stored(t testing.TB, b *batcher, by producer, sequence int32, offset int64, events []domain.Recorded) []byte {
	raw, err := b.encode(by, sequence, events)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.Clone(raw)
	for i := range 8 {
		raw[i] = byte(offset >> (56 - 8*i))
	}
	return raw
}

// replay reads batches from an offset on, as far as they are sound.
func replay(raws [][]byte, from int64) (out []domain.Recorded, err error) {
	r := &reader{ctx: nil, to: 1 << 60, chain: chain{next: from}}
	for _, raw := range raws {
		b, _, err := parseBatch(raw)
		if err != nil {
			return out, err
		}
		if b.next() <= from {
			continue
		}
		if err := r.begin(&b); err != nil {
			return out, err
		}
		records, err := b.unfold(nil)
		if err != nil {
			return out, err
		}
		for offset := b.base; offset < b.next(); offset++ {
			rec, rest, err := takeRecord(records)
			if err != nil {
				return out, err
			}
			if records = rest; offset < from {
				continue
			}
			e, err := rec.event(0, b.first)
			if err == nil {
				e, err = r.event(&b, e)
			}
			if err != nil {
				return out, err
			}
			out = append(out, e)
		}
	}
	return out, nil
}

func TestChain(t *testing.T) {
	events, raws := written(t)
	for from := range int64(len(events)) {
		got, err := replay(raws, from)
		if err != nil || len(got) != len(events)-int(from) {
			t.Fatalf("from offset %d: %d events, %v", from, len(got), err)
		}
	}
	b := newBatcher()
	end := int64(len(events))
	by := producer{7, 1}
	next := func(change func(*domain.Recorded)) []domain.Recorded {
		past := events[len(events)-1]
		feed := adaptertest.NewFeed(past, events...)
		e := feed.Events(adaptertest.Command(9, 9), 1, 1, 50)
		change(&e[0])
		return e
	}
	same := func(*domain.Recorded) {}
	claim := func(by producer, change func(*domain.Recorded)) []domain.Recorded {
		c := newClaim(domain.LogID{1}, 0, by, events[len(events)-1], "tester", time.UnixMicro(0))
		change(&c)
		return []domain.Recorded{c}
	}
	for name, c := range map[string]struct {
		raw  []byte
		want string // of the damage; "" when it is none
	}{
		"the next":                  {stored(t, b, by, 6, end, next(same)), ""},
		"the next claim":            {stored(t, b, producer{7, 2}, 0, end, claim(producer{7, 2}, same)), ""},
		"a claim of a new producer": {stored(t, b, producer{9, 0}, 0, end, claim(producer{9, 0}, same)), ""},
		"a late claim": {stored(t, b, producer{7, 2}, 0, end, claim(producer{7, 2}, func(e *domain.Recorded) {
			e.Position.Seq -= 3
			e.Epoch--
			e.Version--
		})), ""},
		"a gap":                   {stored(t, b, by, 6, end+1, next(same)), "it is missing"},
		"an older owner's":        {stored(t, b, producer{7, 0}, 6, end, next(same)), "no write of the partition's owner"},
		"an older owner's claim":  {stored(t, b, producer{7, 0}, 0, end, claim(producer{7, 0}, same)), "claims with epoch 0"},
		"another producer's":      {stored(t, b, producer{8, 1}, 6, end, next(same)), "no write of the partition's owner"},
		"without a producer":      {stored(t, b, producer{-1, -1}, -1, end, next(same)), "it has no producer id"},
		"a batch again":           {stored(t, b, by, 4, end, next(same)), "no write of the partition's owner"},
		"a batch left out":        {stored(t, b, by, 7, end, next(same)), "no write of the partition's owner"},
		"another seq":             {stored(t, b, by, 6, end, next(func(e *domain.Recorded) { e.Position.Seq++ })), "it says that it is event 14"},
		"another epoch":           {stored(t, b, by, 6, end, next(func(e *domain.Recorded) { e.Epoch-- })), "of epoch 1 behind epoch 2"},
		"a time before the last":  {stored(t, b, by, 6, end, next(func(e *domain.Recorded) { e.Time = time.UnixMicro(0).UTC() })), "its time goes back"},
		"the log's own stream":    {stored(t, b, by, 6, end, next(func(e *domain.Recorded) { e.Stream = "partition/0" })), "stands in partition/0"},
		"a claim from the future": {stored(t, b, producer{7, 2}, 0, end, claim(producer{7, 2}, func(e *domain.Recorded) { e.Position.Seq++ })), "it says that it is event 14"},
		"a claim that is not alone": {stored(t, b, producer{7, 2}, 0, end, append(claim(producer{7, 2}, same), next(func(e *domain.Recorded) {
			e.Position.Seq++
		})...)), "one of 2 events"},
	} {
		got, err := replay(append(raws[:len(raws):len(raws)], c.raw), 0)
		var damage *domain.Damage
		switch {
		case c.want == "" && err == nil:
			if err := adaptertest.CheckDense(got); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case c.want == "" || !errors.As(err, &damage) || !strings.Contains(damage.Why, c.want):
			t.Errorf("%s: %v, want damage: %s", name, err, c.want)
		}
	}
}

// Whatever bytes are taken for a record's event, they are written as the same
// event.
func FuzzRecord(f *testing.F) {
	events, raws := written(f)
	for i, raw := range raws {
		b, _, err := parseBatch(raw)
		if err != nil {
			f.Fatal(err)
		}
		records, err := b.unfold(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(records, events[i].Time.UnixMilli())
	}
	f.Fuzz(func(t *testing.T, records []byte, base int64) {
		r, _, err := takeRecord(records)
		if err != nil {
			return
		}
		e, err := r.event(0, base)
		if err != nil {
			return
		}
		again, err := new(appender).append(nil, 0, base, &e)
		if err != nil {
			t.Fatalf("%+v was read, and cannot be written: %v", e, err)
		}
		if r, _, err = takeRecord(again); err != nil {
			t.Fatal(err)
		}
		if got, err := r.event(0, base); err != nil || !bytes.Equal(canonical(t, got), canonical(t, e)) {
			t.Fatalf("%+v came back as %+v, %v", e, got, err)
		}
	})
}
