package schemas

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
)

// same compares events: an empty list is read as nil.
var same = cmpopts.EquateEmpty()

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := domaintest.AnyRecorded().Draw(t, "event")
		prefix := []byte("before")
		out, err := AppendRecord(prefix, r)
		if err != nil {
			t.Fatal(err)
		}
		record, ok := bytes.CutPrefix(out, prefix)
		if !ok {
			t.Fatal("what stood in dst is gone")
		}
		got, err := DecodeRecord(record)
		if err != nil {
			t.Fatal(err)
		}
		r.Schema = 1
		if diff := cmp.Diff(r, got, same); diff != "" {
			t.Fatalf("another event came back:\n%s", diff)
		}
		again, err := AppendRecord(nil, got)
		if err != nil || !bytes.Equal(again, record) {
			t.Fatalf("another record from the same event (%v):\n%q\n%q", err, record, again)
		}
	})
}

func TestPayloadsAreValidJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := domaintest.AnyRecorded().Draw(t, "event")
		line, err := AppendJSON(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Specversion, ID, Source, Type, Stream, Actor, Command, Cause, Dataschema string
			Time                                                                     time.Time
			Partition                                                                int
			Seq, Version, Epoch                                                      uint64
			Data                                                                     json.RawMessage
		}
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&got); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if got.ID != r.ID.String() || got.Type != string(r.Payload.Type()) || got.Seq != uint64(r.Position.Seq) ||
			got.Stream != string(r.Stream) || !got.Time.Equal(r.Time) || (got.Cause == "") != r.Cause.IsZero() ||
			bytes.ContainsRune(line, '\n') {
			t.Fatalf("%s is not of %+v", line, r)
		}
		if err := Validate(r.Payload.Type(), 1, got.Data); err != nil {
			t.Fatalf("%v: %s", err, got.Data)
		}
		payload, err := DecodePayload(r.Payload.Type(), 1, got.Data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Payload, payload, same); diff != "" {
			t.Fatalf("another payload came back:\n%s", diff)
		}
	})
}

// TestTypesAreThoseOfTheDomain finds events that the domain has and the
// catalogue has not, and the other way round; the generator must know all too.
func TestTypesAreThoseOfTheDomain(t *testing.T) {
	declared := []string{string(domain.TypeClaimed)}
	err := filepath.WalkDir("../domain", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if name, ok := wireName(d); ok {
				declared = append(declared, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, e := range Types() {
		known = append(known, string(e.Type))
		if payloadTypes()[e.Type] == nil {
			t.Errorf("domaintest.AnyEvent never draws %s", e.Type)
		}
	}
	slices.Sort(declared)
	slices.Sort(known)
	if diff := cmp.Diff(declared, known); diff != "" {
		t.Errorf("the domain's events (-) and the catalogue's (+):\n%s", diff)
	}
}

// wireName gives the literal that a method `Type() domain.EventType` returns.
func wireName(d ast.Decl) (string, bool) {
	f, ok := d.(*ast.FuncDecl)
	if !ok || f.Recv == nil || f.Name.Name != "Type" || f.Body == nil || len(f.Body.List) != 1 {
		return "", false
	}
	ret, ok := f.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return "", false
	}
	lit, ok := ret.Results[0].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	name, err := strconv.Unquote(lit.Value)
	return name, err == nil
}

const (
	uuid1 = "01900000-0000-7000-8000-000000000001"
	uuid2 = "01900000-0000-7000-8000-000000000002"
)

func TestDecodePayloadRefusesWhatIsNotCanonical(t *testing.T) {
	const posted = `{"message":"` + uuid1 + `","role":"prompter","text":"x","language":"en"}`
	const emoji = `{"message":"` + uuid1 + `","emoji":"+1"}`
	const scored = `{"message":"` + uuid1 + `","reviews":3,"score":0.5}`
	const labels = `{"message":"` + uuid1 + `","labels":{"spam":0,"quality":0.5}}`
	const assigned = `{"task":"` + uuid1 + `","kind":"initial_prompt","language":"en","expires":"2026-01-02T03:04:05.000006Z"}`
	const drawn = `{"seed":"1","authors":1,"weight":1,"digest":"","prompts":1,"tree":"` + uuid1 + `","growing":0,"max_active_trees":1}`
	for _, c := range []struct {
		t        domain.EventType
		good     string
		old, new string // replaced in good
	}{
		{"message.posted", posted, `"text":"x",`, ``},
		{"message.posted", posted, `"text":"x"`, `"text":null`},
		{"message.posted", posted, `,"language"`, `, "language"`},
		{"message.posted", posted, `{"m`, ` {"m`},
		{"message.posted", posted, `}`, "}\n"},
		{"message.posted", posted, `}`, ``},
		{"message.posted", posted, `}`, `,}`},
		{"message.posted", posted, `"}`, `","extra":1}`},
		{"message.posted", posted, `"}`, `","synthetic":false}`},
		{"message.posted", posted, `"}`, `","terms":""}`},
		{"message.posted", posted, `"}`, `","terms":"1","synthetic":true}`},
		{"message.posted", posted, `"role":"prompter","text":"x"`, `"text":"x","role":"prompter"`},
		{"message.posted", posted, `"role"`, `"parent":"00000000-0000-0000-0000-000000000000","role"`},
		{"message.posted", posted, `"text"`, `"te\u0078t"`},
		{"message.posted", posted, `"x"`, `"\u0078"`},
		{"message.posted", posted, `"x"`, `"\/"`},
		{"message.posted", posted, `"x"`, `"\u000a"`},
		{"message.posted", posted, `"x"`, `"\u001F"`},
		{"message.posted", posted, `"x"`, `"\u003c"`},
		{"message.posted", posted, `"x"`, `"\u00"`},
		{"message.posted", posted, `"x"`, "\"\n\""},
		{"message.posted", posted, `"x"`, "\"a long text before \xff and behind\""},
		{"message.posted", posted, `"x"`, "\"\xed\xa0\x80\""},
		{"message.posted", posted, uuid1, strings.ReplaceAll(uuid1, "-", "_")},
		{"message.posted", posted, uuid1, "01900000-0000-7000-8000-00000000000A"},
		{"message.posted", posted, uuid1, uuid1[1:]},
		{"emoji.added", emoji, emoji, ``},
		{"emoji.added", emoji, emoji, `[]`},
		{"emoji.added", emoji, `"+1"`, `1`},
		{"message.accepted", scored, `:3`, `:03`},
		{"message.accepted", scored, `:3`, `:3.0`},
		{"message.accepted", scored, `:3`, `:3.5`},
		{"message.accepted", scored, `:3`, `:3e0`},
		{"message.accepted", scored, `:3`, `:-0`},
		{"message.accepted", scored, `:3`, `:+3`},
		{"message.accepted", scored, `:3`, `:-`},
		{"message.accepted", scored, `:3`, `:99999999999999999999`},
		{"message.accepted", scored, `0.5`, `.5`},
		{"message.accepted", scored, `0.5`, `5.`},
		{"message.accepted", scored, `0.5`, `0.50`},
		{"message.accepted", scored, `0.5`, `0.0`},
		{"message.accepted", scored, `0.5`, `-0.0`},
		{"message.accepted", scored, `0.5`, `-0`},
		{"message.accepted", scored, `0.5`, `5e-1`},
		{"message.accepted", scored, `0.5`, `"0.5"`},
		{"message.accepted", scored, `0.5`, `NaN`},
		{"message.accepted", scored, `0.5`, strings.Repeat("9", 41)},
		{"labels.submitted", labels, `"spam":0,"quality":0.5`, `"quality":0.5,"spam":0`},
		{"labels.submitted", labels, `"spam":0,`, `"spam":0,"spam":0,`},
		{"labels.submitted", labels, `"spam"`, `"spum"`},
		{"labels.submitted", labels, `{"spam":0,"quality":0.5}`, `[]`},
		{"task.assigned", assigned, `.000006Z`, `Z`},
		{"task.assigned", assigned, `.000006Z`, `.000006+00:00`},
		{"task.assigned", assigned, `.000006Z`, `.0000061Z`},
		{"task.assigned", assigned, `.000006Z`, `,000006Z`},
		{"task.assigned", assigned, `01-02T`, `02-30T`},
		{"task.assigned", assigned, `05.0`, `60.0`},
		{"task.assigned", assigned, `"expires"`, `"replies":[],"expires"`},
		{"task.assigned", assigned, `"expires"`, `"replies":["` + uuid1 + `",],"expires"`},
		{"task.assigned", assigned, `"expires"`, `"replies":["` + uuid1 + `" ],"expires"`},
		{"task.assigned", assigned, `"expires"`, `"full":1,"expires"`},
		{"lottery.drawn", drawn, `"1"`, `1`},
		{"lottery.drawn", drawn, `"1"`, `"01"`},
		{"lottery.drawn", drawn, `"1"`, `"18446744073709551616"`},
		{"lottery.drawn", drawn, `"1"`, `"-1"`},
		{"contributor.updated", `{"show_on_leaderboard":true}`, `true`, `1`},
		{"contributor.updated", `{"show_on_leaderboard":true}`, `"show_on_leaderboard":true`, ``},
		{"purge.ordered", `{"act":"` + uuid1 + `"}`, `"}`, `","from":"0001-01-01T00:00:00.000000Z"}`},
	} {
		if _, err := DecodePayload(c.t, 1, []byte(c.good)); err != nil {
			t.Fatalf("%s: %v", c.good, err)
		}
		bad := strings.Replace(c.good, c.old, c.new, 1)
		if e, err := DecodePayload(c.t, 1, []byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, e)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has more than one line: %v", err)
		}
	}
}

func TestDecodePayloadRefusesUnknownTypesAndVersions(t *testing.T) {
	for _, c := range []struct {
		t       domain.EventType
		version int
	}{{"task.forgotten", 1}, {"", 1}, {"lottery.won", 0}, {"lottery.won", -1}, {"lottery.won", 2}} {
		if e, err := DecodePayload(c.t, c.version, []byte(`{}`)); err == nil {
			t.Errorf("%q, version %d, was read as %+v", c.t, c.version, e)
		}
	}
}

// stranger is an event of nobody's.
type stranger struct{ t domain.EventType }

func (s stranger) Type() domain.EventType { return s.t }

func TestAppendRecordRefusesWhatItCannotHold(t *testing.T) {
	good := domain.Recorded{
		Position: domain.Position{Partition: 1, Seq: 2}, Stream: domain.CampaignStream, Version: 3, Schema: 1,
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Actor: domain.ByRule("log"), Payload: domain.Claimed{Owner: "a"},
	}
	if _, err := AppendRecord(nil, good); err != nil {
		t.Fatal(err)
	}
	zero := good.Time.In(time.FixedZone("zero", 0))
	for name, spoil := range map[string]func(*domain.Recorded){
		"no payload":         func(r *domain.Recorded) { r.Payload = nil },
		"unknown type":       func(r *domain.Recorded) { r.Payload = stranger{"task.forgotten"} },
		"type of another":    func(r *domain.Recorded) { r.Payload = stranger{"lottery.won"} },
		"pointer":            func(r *domain.Recorded) { r.Payload = &domain.Claimed{} },
		"other schema":       func(r *domain.Recorded) { r.Schema = 2 },
		"negative partition": func(r *domain.Recorded) { r.Position.Partition = -1 },
		"large partition":    func(r *domain.Recorded) { r.Position.Partition = domain.MaxPartitions },
		"no seq":             func(r *domain.Recorded) { r.Position.Seq = 0 },
		"no version":         func(r *domain.Recorded) { r.Version = 0 },
		"nanoseconds":        func(r *domain.Recorded) { r.Time = r.Time.Add(1) },
		"time zone":          func(r *domain.Recorded) { r.Time = zero },
		"far future":         func(r *domain.Recorded) { r.Time = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"stream":             func(r *domain.Recorded) { r.Stream = "tree/\xff" },
		"actor kind":         func(r *domain.Recorded) { r.Actor.Kind = "\xff" },
		"actor id":           func(r *domain.Recorded) { r.Actor.ID = "\xff" },
		"text":               func(r *domain.Recorded) { r.Payload = tree.MessagePosted{Text: "fine until \xff"} },
		"surrogate":          func(r *domain.Recorded) { r.Payload = contributor.Erased{Reason: "\xed\xa0\x80"} },
		"expiry":             func(r *domain.Recorded) { r.Payload = tree.TaskAssigned{Expires: zero} },
		"huge score": func(r *domain.Recorded) {
			r.Payload = tree.MessageAccepted{Score: decimal.MustParse("1e-30").Mul(decimal.MustParse("1e-30"))}
		},
		"unsorted labels": func(r *domain.Recorded) {
			r.Payload = tree.LabelsSubmitted{Labels: []tree.LabelValue{{Label: "quality"}, {Label: "spam"}}}
		},
		"unknown label": func(r *domain.Recorded) {
			r.Payload = tree.LabelsSubmitted{Labels: []tree.LabelValue{{Label: "spum"}}}
		},
		"rank of the unranked": func(r *domain.Recorded) {
			r.Payload = tree.Imported{Messages: []tree.ImportedMessage{{Rank: 1}}}
		},
		"result": func(r *domain.Recorded) {
			r.Payload = tree.Imported{Messages: []tree.ImportedMessage{{Result: 2}}}
		},
	} {
		r := good
		spoil(&r)
		dst := []byte("dst")
		out, err := AppendRecord(dst, r)
		if err == nil {
			t.Errorf("%s: written as %q", name, out)
		}
		if string(out) != "dst" {
			t.Errorf("%s: dst became %q", name, out)
		}
	}
}

func TestDecodeRecordRefusesEveryCutAndAddition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record, err := AppendRecord(nil, domaintest.AnyRecorded().Draw(t, "event"))
		if err != nil {
			t.Fatal(err)
		}
		cut := rapid.IntRange(0, len(record)-1).Draw(t, "cut")
		if _, err := DecodeRecord(record[:cut]); err == nil {
			t.Fatalf("read without its last %d bytes", len(record)-cut)
		}
		if _, err := DecodeRecord(append(slices.Clone(record), rapid.Byte().Draw(t, "more"))); err == nil {
			t.Fatal("read with a byte more")
		}
		format := slices.Clone(record)
		format[0]++
		if _, err := DecodeRecord(format); err == nil {
			t.Fatal("read as another format")
		}
	})
}

func TestDecodeRecordRefusesLongNumbers(t *testing.T) {
	r := domain.Recorded{
		Position: domain.Position{Partition: 1, Seq: 2}, Stream: domain.CampaignStream, Version: 3,
		Actor: domain.ByRule("log"), Payload: domain.Claimed{Owner: "a"},
	}
	record, err := AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	for at := 1; at <= 3; at++ { // partition, seq, epoch
		long := slices.Concat(record[:at], []byte{record[at] | 0x80, 0}, record[at+1:])
		if _, err := DecodeRecord(long); err == nil {
			t.Errorf("read with a needlessly long number at byte %d", at)
		}
	}
}

// TestDecodedKeepsNothingOfItsInput: callers use their buffers again.
func TestDecodedKeepsNothingOfItsInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record, err := AppendRecord(nil, domaintest.AnyRecorded().Draw(t, "event"))
		if err != nil {
			t.Fatal(err)
		}
		buf := slices.Clone(record)
		r, err := DecodeRecord(buf)
		if err != nil {
			t.Fatal(err)
		}
		for i := range buf {
			buf[i] = 'x'
		}
		if again, err := AppendRecord(nil, r); err != nil || !bytes.Equal(again, record) {
			t.Fatalf("the event changed with the buffer it was read from: %v", err)
		}
	})
}

// TestPayloadsOfAllLengths crosses the lengths at which a payload's length
// takes another byte.
func TestPayloadsOfAllLengths(t *testing.T) {
	for _, around := range []int{1 << 7, 1 << 14, 1 << 21} {
		for n := around - 40; n < around+10; n++ {
			r := domain.Recorded{
				Position: domain.Position{Seq: 1}, Stream: domain.CampaignStream, Version: 1, Schema: 1,
				Payload: contributor.Erased{Reason: strings.Repeat("r", n)},
			}
			record, err := AppendRecord(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeRecord(record)
			if err != nil || !cmp.Equal(r, got) {
				t.Fatalf("a reason of %d characters does not come back: %v", n, err)
			}
		}
	}
}
