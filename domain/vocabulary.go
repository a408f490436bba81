package domain

// Role is whose turn a message is.
type Role string

// The roles; a root is a prompter's, and they alternate.
const (
	Prompter  Role = "prompter"
	Assistant Role = "assistant"
)

// Other is the role of a reply.
func (r Role) Other() Role {
	if r == Prompter {
		return Assistant
	}
	return Prompter
}

// TaskKind is what a task asks for.
type TaskKind string

// The kinds of task that exist, and Random, which only a request can name.
const (
	TaskRandom              TaskKind = "random"
	TaskInitialPrompt       TaskKind = "initial_prompt"
	TaskPrompterReply       TaskKind = "prompter_reply"
	TaskAssistantReply      TaskKind = "assistant_reply"
	TaskLabelInitialPrompt  TaskKind = "label_initial_prompt"
	TaskLabelPrompterReply  TaskKind = "label_prompter_reply"
	TaskLabelAssistantReply TaskKind = "label_assistant_reply"
	TaskRankPrompter        TaskKind = "rank_prompter_replies"
	TaskRankAssistant       TaskKind = "rank_assistant_replies"
)

// TaskKinds lists the kinds that can be assigned, in the order of the spec.
var TaskKinds = [...]TaskKind{
	TaskInitialPrompt, TaskPrompterReply, TaskAssistantReply,
	TaskLabelInitialPrompt, TaskLabelPrompterReply, TaskLabelAssistantReply,
	TaskRankPrompter, TaskRankAssistant,
}

// NeverAvailable are names that requests may use and no campaign offers.
var NeverAvailable = [...]TaskKind{"rank_initial_prompts", "summarize_story", "rate_summary"}

// Index is the kind's place in TaskKinds, or -1.
func (k TaskKind) Index() int {
	for i, known := range TaskKinds {
		if k == known {
			return i
		}
	}
	return -1
}

// IsReply, IsLabel and IsRank tell what a submission to the task must be; an
// initial prompt is answered with a text, as a reply is.
func (k TaskKind) IsReply() bool { return k == TaskPrompterReply || k == TaskAssistantReply }

// IsText reports whether the task is answered with a text.
func (k TaskKind) IsText() bool { return k == TaskInitialPrompt || k.IsReply() }

// IsLabel reports whether the task is answered with labels.
func (k TaskKind) IsLabel() bool {
	return k == TaskLabelInitialPrompt || k == TaskLabelPrompterReply || k == TaskLabelAssistantReply
}

// IsRank reports whether the task is answered with a ranking.
func (k TaskKind) IsRank() bool { return k == TaskRankPrompter || k == TaskRankAssistant }

// ReplyTask, LabelTask and RankTask give the kind for a message of a role.
func ReplyTask(r Role) TaskKind {
	if r == Prompter {
		return TaskPrompterReply
	}
	return TaskAssistantReply
}

// LabelTask gives the label task for a message of the role; root tells whether
// it is an initial prompt.
func LabelTask(r Role, root bool) TaskKind {
	switch {
	case root:
		return TaskLabelInitialPrompt
	case r == Prompter:
		return TaskLabelPrompterReply
	default:
		return TaskLabelAssistantReply
	}
}

// RankTask gives the task that ranks replies of the role.
func RankTask(r Role) TaskKind {
	if r == Prompter {
		return TaskRankPrompter
	}
	return TaskRankAssistant
}

// TreeState is a tree's place in its life (spec: collection §4).
type TreeState string

// The states.
const (
	InitialPromptReview  TreeState = "initial_prompt_review"
	PromptLotteryWaiting TreeState = "prompt_lottery_waiting"
	Growing              TreeState = "growing"
	Ranking              TreeState = "ranking"
	ReadyForScoring      TreeState = "ready_for_scoring"
	ReadyForExport       TreeState = "ready_for_export"
	AbortedLowGrade      TreeState = "aborted_low_grade"
	HaltedByModerator    TreeState = "halted_by_moderator"
	ScoringFailed        TreeState = "scoring_failed"
	BacklogRanking       TreeState = "backlog_ranking"
)

// TreeStates lists all states.
var TreeStates = [...]TreeState{
	InitialPromptReview, PromptLotteryWaiting, Growing, Ranking, ReadyForScoring,
	ReadyForExport, AbortedLowGrade, HaltedByModerator, ScoringFailed, BacklogRanking,
}

// Active reports whether the state is one that work goes on in.
func (s TreeState) Active() bool {
	switch s {
	case InitialPromptReview, Growing, Ranking, ReadyForScoring:
		return true
	}
	return false
}

// Emoji is a reaction's wire name.
type Emoji string

// The emojis that rules look at.
const (
	EmojiUp          Emoji = "+1"
	EmojiDown        Emoji = "-1"
	EmojiRedFlag     Emoji = "red_flag"
	EmojiSkipReply   Emoji = "_skip_reply"
	EmojiSkipLabel   Emoji = "_skip_labeling"
	EmojiSkipRanking Emoji = "_skip_ranking"
)

// Emojis lists all emojis that a message can carry. The order is stored in
// checkpoints: append only.
var Emojis = [...]Emoji{
	EmojiUp, EmojiDown, EmojiRedFlag, "100", "rofl", "clap", "diamond", "heart_eyes",
	"disappointed", "poop", "skull", EmojiSkipReply, EmojiSkipLabel, EmojiSkipRanking,
}

// Index is the emoji's place in Emojis, or -1.
func (e Emoji) Index() int {
	for i, known := range Emojis {
		if e == known {
			return i
		}
	}
	return -1
}
