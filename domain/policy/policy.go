// Package policy holds the parameters of a campaign, which are the laws that
// every decision is made under (spec: collection §2), and the Context that
// hands them to the aggregates.
package policy

import (
	"reflect"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
)

// Policy is one complete set of parameters. It travels whole in events, so
// that every decision can be explained by the last one before it. Values of
// this type are never changed, only replaced.
type Policy struct {
	MaxActiveTrees          int // growing trees per language; the lottery keeps this number
	MaxInitialPromptReview  int // prompts under review before no new prompt task is offered
	MaxPromptLotteryWaiting int // waiting prompts before no new prompt task is offered
	MaxTreeDepth            int // deepest message; the root has 0
	MaxChildrenCount        int // replies per prompter message
	NumPrompterReplies      int // replies per assistant message
	GoalTreeSize            int // accepted messages that a tree grows to
	RandomGoalTreeSize      bool
	MinGoalTreeSize         int
	NumReviewsInitialPrompt int
	NumReviewsReply         int
	AcceptanceInitialPrompt decimal.Decimal // accepted when the score is strictly above
	AcceptanceReply         decimal.Decimal
	NumRequiredRankings     int
	RankPrompterReplies     bool
	AutoModEnabled          bool
	AutoModRedFlags         int
	AutoModMaxSkipReply     int
	FullReviewPrompt        decimal.Decimal // chance that a random label task asks for all labels
	FullReviewAssistant     decimal.Decimal
	FullReviewPrompter      decimal.Decimal
	MandatoryInitialPrompt  []domain.Label
	MandatoryAssistantReply []domain.Label
	MandatoryPrompterReply  []domain.Label
	LonelyChildrenCount     int
	LonelyChildExtension    decimal.Decimal // chance that a reply task prefers lonely parents
	RecentTasksSpan         time.Duration   // whole seconds
	MaxPendingTasksPerUser  int
	ActivateBacklogTree     decimal.Decimal // chance, when another tree of the language ends
	MinActiveRankings       int
	InitPromptDisabledLangs []string
	Languages               []string // of the campaign; any when empty
	MessageSizeLimit        int      // code points
	DuplicateMessageWindow  time.Duration
	TaskValidity            time.Duration
}

// Default gives the parameters of the spec's table.
func Default() Policy {
	spam := []domain.Label{domain.LabelSpam}
	return Policy{
		MaxActiveTrees: 10, MaxInitialPromptReview: 100, MaxPromptLotteryWaiting: 250,
		MaxTreeDepth: 3, MaxChildrenCount: 3, NumPrompterReplies: 1,
		GoalTreeSize: 12, MinGoalTreeSize: 5,
		NumReviewsInitialPrompt: 3, NumReviewsReply: 3,
		AcceptanceInitialPrompt: decimal.MustParse("0.6"), AcceptanceReply: decimal.MustParse("0.6"),
		NumRequiredRankings: 3,
		AutoModEnabled:      true, AutoModRedFlags: 4, AutoModMaxSkipReply: 25,
		FullReviewPrompt: decimal.Int(1), FullReviewAssistant: decimal.Int(1), FullReviewPrompter: decimal.MustParse("0.25"),
		MandatoryInitialPrompt: spam, MandatoryAssistantReply: spam, MandatoryPrompterReply: spam,
		LonelyChildrenCount: 2, LonelyChildExtension: decimal.MustParse("0.75"),
		RecentTasksSpan: 300 * time.Second, MaxPendingTasksPerUser: 8,
		ActivateBacklogTree: decimal.MustParse("0.1"),
		MessageSizeLimit:    2000, DuplicateMessageWindow: 120 * time.Minute, TaskValidity: 2880 * time.Minute,
	}
}

// Bounds that keep any policy's trees and batches of a sane size.
const (
	maxCount    = 1_000_000
	maxPerTree  = 1_000
	maxReplies  = 32 // a ranking of more is nothing a person can do
	maxTextSize = 100_000
	maxSpan     = 366 * 24 * time.Hour
)

// Validate refuses (PolicyInvalid) a policy under which the rules make no sense.
func (p *Policy) Validate() error {
	type bound struct {
		name         string
		n, min, most int
	}
	for _, b := range []bound{
		{"max_active_trees", p.MaxActiveTrees, 0, maxCount},
		{"max_initial_prompt_review", p.MaxInitialPromptReview, 0, maxCount},
		{"max_prompt_lottery_waiting", p.MaxPromptLotteryWaiting, 0, maxCount},
		{"max_tree_depth", p.MaxTreeDepth, 1, maxPerTree},
		{"max_children_count", p.MaxChildrenCount, 1, maxReplies},
		{"num_prompter_replies", p.NumPrompterReplies, 0, maxReplies},
		{"goal_tree_size", p.GoalTreeSize, 1, maxPerTree},
		{"min_goal_tree_size", p.MinGoalTreeSize, 1, maxPerTree},
		{"num_reviews_initial_prompt", p.NumReviewsInitialPrompt, 1, maxPerTree},
		{"num_reviews_reply", p.NumReviewsReply, 1, maxPerTree},
		{"num_required_rankings", p.NumRequiredRankings, 1, maxPerTree},
		{"auto_mod_red_flags", p.AutoModRedFlags, 1, maxCount},
		{"auto_mod_max_skip_reply", p.AutoModMaxSkipReply, 1, maxCount},
		{"lonely_children_count", p.LonelyChildrenCount, 0, maxReplies},
		{"max_pending_tasks_per_user", p.MaxPendingTasksPerUser, 1, maxCount},
		{"min_active_rankings_per_lang", p.MinActiveRankings, 0, maxCount},
		{"message_size_limit", p.MessageSizeLimit, 1, maxTextSize},
	} {
		if b.n < b.min || b.n > b.most {
			return domain.Refuse(domain.PolicyInvalid, "%s is %d; give %d to %d", b.name, b.n, b.min, b.most)
		}
	}
	if p.RandomGoalTreeSize && p.MinGoalTreeSize > p.GoalTreeSize {
		return domain.Refuse(domain.PolicyInvalid, "min_goal_tree_size %d is above goal_tree_size %d", p.MinGoalTreeSize, p.GoalTreeSize)
	}
	if n := p.capacity(maxPerTree); p.GoalTreeSize > n {
		return domain.Refuse(domain.PolicyInvalid, "goal_tree_size is %d, but a tree of depth %d with %d and %d replies holds only %d: it would never be done", p.GoalTreeSize, p.MaxTreeDepth, p.MaxChildrenCount, p.NumPrompterReplies, n)
	}
	return p.validateRest()
}

func (p *Policy) validateRest() error {
	type share struct {
		name string
		x    decimal.Decimal
	}
	for _, s := range []share{
		{"acceptance_threshold_initial_prompt", p.AcceptanceInitialPrompt},
		{"acceptance_threshold_reply", p.AcceptanceReply},
		{"p_full_labeling_review_prompt", p.FullReviewPrompt},
		{"p_full_labeling_review_reply_assistant", p.FullReviewAssistant},
		{"p_full_labeling_review_reply_prompter", p.FullReviewPrompter},
		{"p_lonely_child_extension", p.LonelyChildExtension},
		{"p_activate_backlog_tree", p.ActivateBacklogTree},
	} {
		if !s.x.Within01() {
			return domain.Refuse(domain.PolicyInvalid, "%s is %s; give a number from 0 to 1", s.name, s.x)
		}
	}
	type span struct {
		name string
		d    time.Duration
		unit time.Duration
	}
	for _, s := range []span{
		{"recent_tasks_span_sec", p.RecentTasksSpan, time.Second},
		{"duplicate_message_window_minutes", p.DuplicateMessageWindow, time.Minute},
		{"task_validity_minutes", p.TaskValidity, time.Minute},
	} {
		if s.d < 0 || s.d > maxSpan || s.d%s.unit != 0 {
			return domain.Refuse(domain.PolicyInvalid, "%s: give a whole number of at most a year", s.name)
		}
	}
	if p.TaskValidity == 0 {
		return domain.Refuse(domain.PolicyInvalid, "task_validity_minutes is 0: every task would expire at once")
	}
	return p.validateLabels()
}

func (p *Policy) validateLabels() error {
	for _, m := range []struct {
		name           string
		labels, within []domain.Label
	}{
		{"mandatory_labels_initial_prompt", p.MandatoryInitialPrompt, domain.LabelsAsked(domain.Prompter)},
		{"mandatory_labels_assistant_reply", p.MandatoryAssistantReply, domain.LabelsAsked(domain.Assistant)},
		{"mandatory_labels_prompter_reply", p.MandatoryPrompterReply, domain.LabelsAsked(domain.Prompter)},
	} {
		for i, l := range m.labels {
			if !slices.Contains(m.within, l) || slices.Contains(m.labels[:i], l) {
				return domain.Refuse(domain.PolicyInvalid, "%s: %q is twice in it or not asked of such messages", m.name, l)
			}
		}
	}
	return nil
}

// capacity is how many messages fit into a tree under the policy's limits, or
// most, if more.
func (p *Policy) capacity(most int) int {
	total, level := 1, 1
	for depth := 1; depth <= p.MaxTreeDepth && level > 0 && total < most; depth++ {
		if depth%2 == 1 {
			level *= p.MaxChildrenCount
		} else {
			level *= min(p.MaxChildrenCount, p.NumPrompterReplies)
		}
		total += min(level, most)
		level = min(level, most)
	}
	return total
}

// Equal reports whether both say the same.
func (p *Policy) Equal(o *Policy) bool {
	a, b := *p, *o
	lists := slices.Equal(a.MandatoryInitialPrompt, b.MandatoryInitialPrompt) &&
		slices.Equal(a.MandatoryAssistantReply, b.MandatoryAssistantReply) &&
		slices.Equal(a.MandatoryPrompterReply, b.MandatoryPrompterReply) &&
		slices.Equal(a.InitPromptDisabledLangs, b.InitPromptDisabledLangs) &&
		slices.Equal(a.Languages, b.Languages)
	for _, x := range []*Policy{&a, &b} {
		x.MandatoryInitialPrompt, x.MandatoryAssistantReply, x.MandatoryPrompterReply = nil, nil, nil
		x.InitPromptDisabledLangs, x.Languages = nil, nil
	}
	// What is left are numbers, and decimals in their one reduced form.
	return lists && reflect.DeepEqual(a, b)
}

// NumReviews is how many reviews decide a message.
func (p *Policy) NumReviews(root bool) int {
	if root {
		return p.NumReviewsInitialPrompt
	}
	return p.NumReviewsReply
}

// Acceptance is the score that a message must exceed.
func (p *Policy) Acceptance(root bool) decimal.Decimal {
	if root {
		return p.AcceptanceInitialPrompt
	}
	return p.AcceptanceReply
}

// Ranks reports whether replies of the role are ranked.
func (p *Policy) Ranks(r domain.Role) bool { return r == domain.Assistant || p.RankPrompterReplies }

// Mandatory are the labels that a label task of the kind cannot do without.
func (p *Policy) Mandatory(kind domain.TaskKind) []domain.Label {
	switch kind {
	case domain.TaskLabelInitialPrompt:
		return p.MandatoryInitialPrompt
	case domain.TaskLabelAssistantReply:
		return p.MandatoryAssistantReply
	default:
		return p.MandatoryPrompterReply
	}
}

// FullReview is the chance that a random label task of the kind asks for all.
func (p *Policy) FullReview(kind domain.TaskKind) decimal.Decimal {
	switch kind {
	case domain.TaskLabelInitialPrompt:
		return p.FullReviewPrompt
	case domain.TaskLabelAssistantReply:
		return p.FullReviewAssistant
	default:
		return p.FullReviewPrompter
	}
}

// Context is what a decision may know besides its state and its command:
// decisions read no clock and roll no dice of their own.
type Context struct {
	Now     time.Time
	Policy  *Policy
	Dice    *domain.Dice
	Command domain.CommandID // ids of new things are derived from it
}
