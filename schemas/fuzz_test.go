package schemas

import (
	"bytes"
	"testing"
)

func FuzzDecodeRecord(f *testing.F) {
	for _, k := range events.kinds {
		for _, full := range []bool{true, false} {
			record, err := AppendRecord(nil, sample(k, full))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(record)
		}
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		r, err := DecodeRecord(record)
		if err != nil {
			return
		}
		if k := events.byType[r.Payload.Type()]; r.Schema != k.Version {
			return
		}
		again, err := AppendRecord(nil, r)
		if err != nil || !bytes.Equal(again, record) {
			t.Fatalf("%q was read, and written (%v) as %q", record, err, again)
		}
		if _, err := AppendJSON(nil, r); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecodePayload(f *testing.F) {
	for i, k := range events.kinds {
		for _, full := range []bool{true, false} {
			payload, version, err := EncodePayload(nil, sample(k, full).Payload)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), version, payload)
		}
	}
	f.Fuzz(func(t *testing.T, number uint8, version int, raw []byte) {
		k := events.kinds[int(number)%len(events.kinds)]
		e, err := DecodePayload(k.Type, version, raw)
		if err != nil || version != k.Version {
			return
		}
		again, _, err := EncodePayload(nil, e)
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%s: %q was read, and written (%v) as %q", k.Type, raw, err, again)
		}
	})
}
