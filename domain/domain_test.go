package domain

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What follows is stored for ever, or decides where stored things are: these
// values may never change.
func TestFrozen(t *testing.T) {
	for key, want := range map[string][3]Partition{
		"campaign": {0, 3, 2}, "pool/en/0": {0, 0, 6}, "pool/pt-BR/0": {0, 0, 6},
		"contributor/00000000-0000-0000-0000-000000000001": {0, 0, 3},
	} {
		got := [3]Partition{Place(key, 1), Place(key, 4), Place(key, 7)}
		if got != want {
			t.Errorf("%q is placed at %v of 1, 4 and 7 partitions, was %v", key, got, want)
		}
	}
	command := CommandID{0x01, 0x8c, 0xc2, 0x51, 0xf4, 0x00, 7, 8, 9}
	if got, want := EventID(Derive(command, "event", 3)).String(), "018cc251-f400-fdfd-3986-58582f47b17b"; got != want {
		t.Errorf("the derived id is %s, was %s", got, want)
	}
	d := NewDice(1)
	if got, want := [3]uint64{d.Next(), d.Next(), d.Next()}, [3]uint64{0x910a2dec89025cc1, 0xbeeb8da1658eec67, 0xf893a2eefb32555e}; got != want {
		t.Errorf("the dice roll %x, were %x", got, want)
	}
}

func TestID(t *testing.T) {
	const text = "018cc251-f400-9e4b-0f49-3d1dc847d8d0"
	raw, err := ParseID(text)
	if err != nil || TreeID(raw).String() != text {
		t.Fatalf("%s came back as %s, %v", text, TreeID(raw), err)
	}
	for _, bad := range []string{"", text[1:], text + "0", "018cc251xf400-9e4b-0f49-3d1dc847d8d0", "018cc251-f400-9e4b-0f49-3d1dc847d8dg", "{18cc251-f400-9e4b-0f49-3d1dc847d8d0"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q is taken for an id", bad)
		}
	}
	at := time.UnixMilli(1704067200123).UTC()
	a, b := EventID(NewID(at, [10]byte{1})), EventID(NewID(at.Add(time.Millisecond), [10]byte{}))
	if a.Compare(b) >= 0 {
		t.Error("ids do not sort by time")
	}
}

func anyCut(t *rapid.T) Cut {
	c := Cut{Log: LogID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "log"))}
	for range rapid.IntRange(1, 5).Draw(t, "partitions") {
		c.End = append(c.End, Seq(rapid.Uint64Range(1, 1<<63-1).Draw(t, "end")))
	}
	return c
}

func TestCutText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCut(t)
		got, err := ParseCut(c.String())
		if err != nil || !got.Equal(c) {
			t.Fatalf("%s came back as %s, %v", c, got, err)
		}
	})
}

// Whatever is taken for a cut is written the same again: one text form.
func FuzzParseCut(f *testing.F) {
	for _, s := range []string{
		"018cc251-f400-9e4b-0f49-3d1dc847d8d0@1200,18,27,931", "018cc251-f400-9e4b-0f49-3d1dc847d8d0@1", "@", "x@1,2",
		"018CC251-f400-9e4b-0f49-3d1dc847d8d0@1", "018cc251-f400-9e4b-0f49-3d1dc847d8d0@01", "018cc251-f400-9e4b-0f49-3d1dc847d8d0@0",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCut(s); err == nil && c.String() != s {
			t.Errorf("%q is written %q", s, c)
		}
	})
}

func TestCutOfAnotherLog(t *testing.T) {
	id := Identity{ID: LogID{1}, Partitions: 2}
	end := Cut{Log: id.ID, End: []Seq{5, 3}}
	for _, c := range []Cut{
		{Log: LogID{2}, End: []Seq{1, 1}}, {Log: id.ID, End: []Seq{1}}, {Log: id.ID, End: []Seq{6, 1}}, {Log: id.ID, End: []Seq{0, 1}},
	} {
		if err := c.Check(id, end); !errors.Is(err, ErrForeignCut) {
			t.Errorf("%s passes: %v", c, err)
		}
	}
	if err := end.Check(id, end); err != nil {
		t.Error(err)
	}
	if !end.Holds(Position{0, 4}) || end.Holds(Position{0, 5}) || end.Holds(Position{2, 1}) || end.Events() != 6 {
		t.Error("a cut's end is exclusive")
	}
}

func TestStreams(t *testing.T) {
	tree := TreeID{15: 7}
	if got, ok := TreeStream(tree).Tree(); !ok || got != tree {
		t.Errorf("%s came back as %s", tree, got)
	}
	pool := PoolID{Language: "pt-BR", Bucket: 3}
	if got, ok := pool.Stream().Pool(); !ok || got != pool {
		t.Errorf("%v came back as %v", pool, got)
	}
	for _, bad := range []StreamID{"", "tree", "tree/x", "pool/en", "pool//0", "pool/en/-1", "campaign/1", "partition/x", "else/1"} {
		if bad.Validate() == nil {
			t.Errorf("%q is taken for a stream", bad)
		}
	}
}

// Draws are fair enough to be believed, and never out of range.
func TestDice(t *testing.T) {
	d := NewDice(42)
	const draws = 60_000
	var below [6]int
	var weighted [3]int
	for range draws {
		below[d.Below(6)]++
		weighted[d.Weighted([]int{1, 0, 3})]++
	}
	for face, n := range below {
		if n < 9_600 || n > 10_400 {
			t.Errorf("%d was rolled %d times of %d", face, n, draws)
		}
	}
	if weighted[1] != 0 || weighted[0] < 14_500 || weighted[0] > 15_500 {
		t.Errorf("weights 1, 0, 3 gave %v", weighted)
	}
	seen := map[[3]int]int{}
	for range 6000 {
		p := [3]int{0, 1, 2}
		d.Shuffle(3, func(i, j int) { p[i], p[j] = p[j], p[i] })
		seen[p]++
	}
	if len(seen) != 6 {
		t.Errorf("%d of 6 orders came up", len(seen))
	}
}

func TestManualClockNeverGoesBack(t *testing.T) {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	c := NewManualClock(at)
	c.Set(at.Add(-time.Hour))
	c.Advance(-time.Hour)
	if !c.Now().Equal(at) {
		t.Errorf("the clock went to %s", c.Now())
	}
}
