package reward

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain/decimal"
)

// What levels cost was promised to people: these values may never change.
var published = [MaxLevel]int{
	0, 4, 9, 16, 24, 32, 42, 53, 65, 79,
	93, 109, 126, 144, 163, 183, 205, 227, 251, 276,
	302, 329, 357, 387, 418, 449, 482, 516, 552, 588,
	626, 664, 704, 745, 787, 831, 875, 921, 968, 1016,
	1065, 1115, 1166, 1219, 1273, 1327, 1383, 1441, 1499, 1558,
	1619, 1681, 1744, 1808, 1873, 1939, 2007, 2075, 2145, 2216,
	2288, 2362, 2436, 2512, 2588, 2666, 2745, 2825, 2907, 2989,
	3073, 3158, 3244, 3331, 3419, 3508, 3599, 3691, 3784, 3878,
	3973, 4069, 4167, 4265, 4365, 4466, 4568, 4671, 4776, 4881,
	4988, 5096, 5205, 5315, 5426, 5539, 5652, 5767, 5883, 6000,
}

func TestThresholds(t *testing.T) {
	if diff := cmp.Diff(published, thresholds); diff != "" {
		t.Errorf("thresholds changed (-want +got):\n%s", diff)
	}
	sum := new(big.Rat)
	for k := 1; k < MaxLevel; k++ {
		sum.Add(sum, big.NewRat(int64(11_521*k+30_000), 10_000))
		off := new(big.Rat).Sub(sum, big.NewRat(int64(thresholds[k]), 1))
		if off.Abs(off).Cmp(big.NewRat(1, 2)) >= 0 {
			t.Errorf("threshold %d is %d, the exact sum %s", k, thresholds[k], sum.FloatString(4))
		}
	}
}

func TestLevelCountsThresholds(t *testing.T) {
	for score := -3; score < 6100; score++ {
		want := 0
		for _, at := range published {
			if at <= score {
				want++
			}
		}
		if got := Level(score); got != want {
			t.Fatalf("a score of %d is level %d, want %d", score, got, want)
		}
	}
	if Level(1<<60) != MaxLevel {
		t.Error("levels go on above the highest")
	}
}

// Each count on its own, against the weight that the spec gives it.
func TestScores(t *testing.T) {
	for want, points := range map[int][]Points{
		0: {{}, {Prompts: 9, AcceptedPrompts: 9}},
		1: {
			{Prompts: 10}, {AcceptedPrompts: 19}, {PrompterReplies: 1}, {AcceptedPrompterReplies: 1},
			{LabelsSimple: 1}, {Rankings: 1}, {GoodRankings: 1}, {Third: 1},
		},
		2: {{LabelsFull: 1}, {Prompts: 10, AcceptedPrompts: 10}},
		3: {{Second: 1}},
		4: {{AssistantReplies: 1}, {AcceptedAssistantReplies: 1}},
		9: {{First: 1}},
	} {
		for _, p := range points {
			if got := p.Score(); got != want {
				t.Errorf("%+v scores %d, want %d", p, got, want)
			}
		}
	}
	marks := func(i int) (s LabelSums) {
		s.Marks[i] = 1
		return s
	}
	for _, c := range []struct {
		Trolling
		want int
	}{
		{Trolling{RedFlags: 2}, 6},
		{Trolling{Upvotes: 2, Downvotes: 1}, -1},
		{Trolling{SpamPrompts: 1}, 1},
		{Trolling{Labels: marks(0)}, 0}, // spam: shown only
		{Trolling{Labels: marks(1)}, 1},
		{Trolling{Labels: marks(len(MarkLabels) - 1)}, 1},
		{Trolling{Labels: LabelSums{Sums: [len(MeanLabels)]int64{5e9}, Count: [len(MeanLabels)]int{5}}}, 0},
	} {
		if got := c.Score(); got != c.want {
			t.Errorf("%+v scores %d, want %d", c.Trolling, got, c.want)
		}
	}
}

func TestStreak(t *testing.T) {
	day := func(d, h int) time.Time { return time.Date(2024, 2, d, h, 59, 59, 999_999_000, time.UTC) }
	for _, c := range []struct {
		last, now time.Time
		want      int
	}{
		{day(10, 3), day(10, 4), 7},
		{day(10, 3), day(11, 0), 7},
		{day(10, 3), day(11, 23), 7}, // all through the idle day
		{day(10, 3), day(12, 0), 0},
		{day(10, 23), day(12, 0), 0}, // though barely more than 24 hours lie between
		{day(10, 3), day(9, 3), 7},   // a clock that is behind
		{day(28, 3), time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC), 0},
		{day(29, 3), time.Date(2024, 3, 1, 23, 0, 0, 0, time.UTC), 7},
		{time.Time{}, day(10, 3), 0},
		{day(10, 23), time.Date(2024, 2, 12, 3, 0, 0, 0, time.FixedZone("", 4*3600)), 7}, // still the 11th in UTC
	} {
		if got := Streak(DayOf(c.last), 7, c.now); got != c.want {
			t.Errorf("after work on %s the streak is %d at %s, want %d", c.last, got, c.now, c.want)
		}
	}
}

func TestFrames(t *testing.T) {
	now := time.Date(2024, 3, 1, 0, 30, 0, 0, time.FixedZone("", 3600)) // in UTC the day before
	for frame, want := range map[Frame]time.Time{
		Day:   time.Date(2024, 2, 28, 23, 30, 0, 0, time.UTC),
		Week:  time.Date(2024, 2, 22, 0, 0, 0, 0, time.UTC),
		Month: time.Date(2024, 1, 30, 0, 0, 0, 0, time.UTC),
		Total: {},
	} {
		if got := frame.Since(now); !got.Equal(want) {
			t.Errorf("%s begins at %s, want %s", frame, got, want)
		}
	}
}

func TestMarks(t *testing.T) {
	l := NoLabels()
	for name, value := range map[string]string{
		"spam": "0.4999", "pii": "0.5", "hate_speech": "1", "quality": "0.25", "violence": "0", "creativity": "1",
	} {
		l.Set(name, decimal.MustParse(value))
	}
	want := Labels{Flags: 1<<3 | 1<<4, Values: [len(MeanLabels)]int32{250_000_000, -1, -1, 0, -1}}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Errorf("label set (-want +got):\n%s", diff)
	}
}

// Sums are those of the sets that are in, in whichever order they came and
// left.
func TestLabelSums(t *testing.T) {
	labels := rapid.Custom(func(t *rapid.T) (l Labels) {
		l.Flags = uint8(rapid.IntRange(0, 1<<len(MarkLabels)-1).Draw(t, "flags"))
		for i := range l.Values {
			l.Values[i] = int32(rapid.IntRange(-1, 1_000_000_000).Draw(t, "value"))
		}
		return l
	})
	rapid.Check(t, func(t *rapid.T) {
		stay, leave := rapid.SliceOf(labels).Draw(t, "stay"), rapid.SliceOf(labels).Draw(t, "leave")
		var want, got, gone LabelSums
		for i := range stay {
			want.Add(&stay[i], 1)
		}
		for i := range leave {
			got.Add(&leave[i], 1)
			gone.Add(&leave[i], 1)
		}
		for i := range stay {
			got.Add(&stay[i], 1)
		}
		got.Merge(&gone, -1)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("sums (-want +got):\n%s", diff)
		}
		for i := range MeanLabels {
			mean, ok := got.Mean(i)
			if !ok {
				continue
			}
			off := new(big.Rat).Sub(big.NewRat(mean, 1), big.NewRat(got.Sums[i], int64(got.Count[i])))
			if off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
				t.Fatalf("%d sets with the sum %d have the mean %d", got.Count[i], got.Sums[i], mean)
			}
		}
	})
}
