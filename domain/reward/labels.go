// Package reward holds the rules of points, levels, streaks and the troll score
// (spec: collection §10).
package reward

// MarkLabels are the labels that the trollboard counts, in the order of
// Labels.Flags' bits: a value of at least one half is a mark.
var MarkLabels = [...]string{"spam", "lang_mismatch", "not_appropriate", "pii", "hate_speech", "sexual_content", "political_content"}

// MeanLabels are the labels whose means the trollboard shows, in the order of
// Labels.Values.
var MeanLabels = [...]string{"quality", "humor", "toxicity", "violence", "helpfulness"}

// Labels is what a label set says about its message's author.
type Labels struct {
	Flags  uint8                  // bits by MarkLabels
	Values [len(MeanLabels)]int32 // billionths, -1 where the label is not in the set
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
