package reward

import "dendro/domain/decimal"

// MarkLabels are the labels that the trollboard counts, in the order of
// Labels.Flags' bits: a value of at least one half is a mark.
var MarkLabels = [...]string{"spam", "lang_mismatch", "not_appropriate", "pii", "hate_speech", "sexual_content", "political_content"}

// MeanLabels are the labels whose means the trollboard shows, in the order of
// Labels.Values.
var MeanLabels = [...]string{"quality", "humor", "toxicity", "violence", "helpfulness"}

// Labels is what a label set says about its message's author. Make it with
// NoLabels.
type Labels struct {
	Flags  uint8                  // bits by MarkLabels
	Values [len(MeanLabels)]int32 // billionths, -1 where the label is not in the set
}

// NoLabels is the empty label set.
func NoLabels() (l Labels) {
	for i := range l.Values {
		l.Values[i] = -1
	}
	return l
}

var half = decimal.MustParse("0.5")

// Set takes a label's value in, which is from 0 to 1. Labels that the
// trollboard does not look at are passed over.
func (l *Labels) Set(name string, value decimal.Decimal) {
	for i, n := range MeanLabels {
		if n == name {
			l.Values[i] = int32(value.Billionths())
			return
		}
	}
	for i, n := range MarkLabels {
		if n == name && value.Cmp(half) >= 0 {
			l.Flags |= 1 << i
		}
	}
}

// LabelSums is what label sets come to together.
type LabelSums struct {
	Marks [len(MarkLabels)]int
	Sums  [len(MeanLabels)]int64 // billionths
	Count [len(MeanLabels)]int
}

// Add takes a label set in; with sign -1 out again.
func (s *LabelSums) Add(l *Labels, sign int) {
	for i := range s.Marks {
		s.Marks[i] += sign * int(l.Flags>>i&1)
	}
	for i, v := range l.Values {
		if v >= 0 {
			s.Sums[i] += int64(sign) * int64(v)
			s.Count[i] += sign
		}
	}
}

// Merge takes other sums in; with sign -1 out again.
func (s *LabelSums) Merge(o *LabelSums, sign int) {
	for i := range s.Marks {
		s.Marks[i] += sign * o.Marks[i]
	}
	for i := range s.Sums {
		s.Sums[i] += int64(sign) * o.Sums[i]
		s.Count[i] += sign * o.Count[i]
	}
}

// Mean gives the mean of the i-th of MeanLabels in billionths, the half
// rounded up; false when no label set has a value of it.
func (s *LabelSums) Mean(i int) (billionths int64, ok bool) {
	n := int64(s.Count[i])
	if n <= 0 {
		return 0, false
	}
	return (2*s.Sums[i] + n) / (2 * n), true
}
