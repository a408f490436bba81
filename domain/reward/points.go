package reward

// Points counts the work of a contributor within a frame.
type Points struct {
	Prompts                  int
	AssistantReplies         int
	PrompterReplies          int
	LabelsSimple             int
	LabelsFull               int
	Rankings                 int
	GoodRankings             int // that agree with the consensus
	AcceptedPrompts          int
	AcceptedAssistantReplies int
	AcceptedPrompterReplies  int
	First, Second, Third     int // places that single rankings gave to replies
}

// Score is what the work comes to.
func (p *Points) Score() int {
	return p.Prompts/10 + 4*p.AssistantReplies + p.PrompterReplies +
		p.LabelsSimple + 2*p.LabelsFull +
		p.Rankings + p.GoodRankings +
		p.AcceptedPrompts/10 + 4*p.AcceptedAssistantReplies + p.AcceptedPrompterReplies +
		9*p.First + 3*p.Second + p.Third
}

// Trolling counts what others said of a contributor's messages within a frame.
type Trolling struct {
	RedFlags    int
	Upvotes     int
	Downvotes   int
	SpamPrompts int // trees of theirs that were aborted as low grade
	Labels      LabelSums
}

// markSpam is the one of MarkLabels that is shown, and not scored.
const markSpam = 0

// Score is the troll score: the higher, the worse; upvotes can bring it below
// zero.
func (t *Trolling) Score() int {
	score := 3*t.RedFlags - t.Upvotes + t.Downvotes + t.SpamPrompts
	for i, n := range t.Labels.Marks {
		if i != markSpam {
			score += n
		}
	}
	return score
}
