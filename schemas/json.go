package schemas

import (
	"fmt"
	"strconv"

	"dendro/domain"
)

// AppendJSON appends the event as one JSON object for people and tools, with
// the attributes of CloudEvents 1.0 and ours beside them:
//
//	specversion "1.0"; id; source "/partitions/P"; type; dataschema (name of
//	the file in events/); time; partition, seq (position); stream, version
//	(place in it); actor "kind:id"; command; cause (left out when none);
//	epoch; data (the payload)
//
// The payload is in its current version, whatever was stored, and so is
// dataschema. On error dst is returned as it was.
func AppendJSON(dst []byte, r domain.Recorded) ([]byte, error) {
	k, err := events.kindOf(r.Payload)
	if err == nil {
		err = checkEnvelope(&r)
	}
	if err != nil {
		return dst, err
	}
	w := wire{buf: append(dst, '{')}
	w.string("specversion", "1.0")
	id(&w, "id", &r.ID)
	w.string("source", "/partitions/"+strconv.Itoa(int(r.Position.Partition)))
	w.string("type", string(k.Type))
	w.string("dataschema", schemaName(k.Type, k.Version))
	instant(&w, "time", &r.Time)
	w.number("partition", uint64(r.Position.Partition))
	w.number("seq", uint64(r.Position.Seq))
	w.string("stream", string(r.Stream))
	w.number("version", uint64(r.Version))
	w.string("actor", r.Actor.String())
	id(&w, "command", &r.Command)
	optID(&w, "cause", &r.Cause)
	w.number("epoch", uint64(r.Epoch))
	w.put("data")
	if w.err != nil {
		return dst, w.err
	}
	out, err := k.encode(w.buf, r.Payload)
	if err != nil {
		return dst, err
	}
	return append(out, '}'), nil
}

func (w *wire) string(key, s string) { text(w, key, &s) }

func (w *wire) number(key string, n uint64) {
	w.put(key)
	w.buf = strconv.AppendUint(w.buf, n, 10)
}

// schemaName is the name of a schema's file in events/.
func schemaName(t domain.EventType, version int) string {
	return fmt.Sprintf("%s.v%d.json", t, version)
}
