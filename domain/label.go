package domain

// Label is the wire name of a label.
type Label string

// Widget tells how a label is asked, and so which values it has in the UI.
type Widget string

// The widgets.
const (
	YesNo  Widget = "yes_no" // 0 or 1
	Flag   Widget = "flag"   // 0 or 1
	Likert Widget = "likert" // 0, 0.25, 0.5, 0.75, 1
)

// The labels that rules look at.
const (
	LabelSpam         Label = "spam"
	LabelLangMismatch Label = "lang_mismatch"
	LabelQuality      Label = "quality"
	LabelFailsTask    Label = "fails_task"
)

// LabelInfo describes one label.
type LabelInfo struct {
	Name   Label
	Widget Widget
}

// Labels lists all labels in their canonical order, which is also that of
// label sets in events and of label columns in datasets.
var Labels = [...]LabelInfo{
	{LabelSpam, YesNo}, {LabelFailsTask, YesNo},
	{LabelLangMismatch, Flag}, {"pii", Flag}, {"not_appropriate", Flag}, {"hate_speech", Flag},
	{"sexual_content", Flag}, {"moral_judgement", Flag}, {"political_content", Flag},
	{LabelQuality, Likert}, {"toxicity", Likert}, {"humor", Likert}, {"helpfulness", Likert},
	{"creativity", Likert}, {"violence", Likert},
}

// Index is the label's place in Labels, or -1.
func (l Label) Index() int {
	for i := range Labels {
		if Labels[i].Name == l {
			return i
		}
	}
	return -1
}

var askedOfPrompts = []Label{
	LabelSpam, LabelLangMismatch, "pii", "not_appropriate", "hate_speech", "sexual_content",
	LabelQuality, "toxicity", "humor", "creativity", "violence",
}

var askedOfAssistants = []Label{
	LabelSpam, LabelFailsTask, LabelLangMismatch, "pii", "not_appropriate", "hate_speech", "sexual_content",
	LabelQuality, "toxicity", "humor", "helpfulness", "creativity", "violence",
}

var reportLabels = []Label{
	LabelSpam, "pii", "not_appropriate", "hate_speech", "sexual_content", "moral_judgement",
	"political_content", LabelQuality, "toxicity", "violence",
}

// LabelsAsked are the labels that a full label task asks of a message of the
// role, in canonical order (spec: collection §3). Callers do not change it.
func LabelsAsked(r Role) []Label {
	if r == Assistant {
		return askedOfAssistants
	}
	return askedOfPrompts
}

// LabelsOfReport are those of the report form.
func LabelsOfReport() []Label { return reportLabels }

// LabelsFree are those that anyone may give freely: all, whatever the role
// (spec: collection §6 limits the labels of tasks only). Callers do not change
// it.
func LabelsFree() []Label { return allLabels }

var allLabels = func() []Label {
	names := make([]Label, len(Labels))
	for i, l := range Labels {
		names[i] = l.Name
	}
	return names
}()
