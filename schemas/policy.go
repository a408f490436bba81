package schemas

import (
	"time"

	"dendro/domain/policy"
)

// policyMembers names the parameters as the spec does (collection §2). All are
// always there: a policy explains decisions by itself.
func policyMembers(w *wire, p *policy.Policy) {
	num(w, "max_active_trees", &p.MaxActiveTrees)
	num(w, "max_initial_prompt_review", &p.MaxInitialPromptReview)
	num(w, "max_prompt_lottery_waiting", &p.MaxPromptLotteryWaiting)
	num(w, "max_tree_depth", &p.MaxTreeDepth)
	num(w, "max_children_count", &p.MaxChildrenCount)
	num(w, "num_prompter_replies", &p.NumPrompterReplies)
	num(w, "goal_tree_size", &p.GoalTreeSize)
	truth(w, "random_goal_tree_size", &p.RandomGoalTreeSize)
	num(w, "min_goal_tree_size", &p.MinGoalTreeSize)
	num(w, "num_reviews_initial_prompt", &p.NumReviewsInitialPrompt)
	num(w, "num_reviews_reply", &p.NumReviewsReply)
	dec(w, "acceptance_threshold_initial_prompt", &p.AcceptanceInitialPrompt)
	dec(w, "acceptance_threshold_reply", &p.AcceptanceReply)
	num(w, "num_required_rankings", &p.NumRequiredRankings)
	truth(w, "rank_prompter_replies", &p.RankPrompterReplies)
	truth(w, "auto_mod_enabled", &p.AutoModEnabled)
	num(w, "auto_mod_red_flags", &p.AutoModRedFlags)
	num(w, "auto_mod_max_skip_reply", &p.AutoModMaxSkipReply)
	dec(w, "p_full_labeling_review_prompt", &p.FullReviewPrompt)
	dec(w, "p_full_labeling_review_reply_assistant", &p.FullReviewAssistant)
	dec(w, "p_full_labeling_review_reply_prompter", &p.FullReviewPrompter)
	list(w, "mandatory_labels_initial_prompt", &p.MandatoryInitialPrompt, nameItem)
	list(w, "mandatory_labels_assistant_reply", &p.MandatoryAssistantReply, nameItem)
	list(w, "mandatory_labels_prompter_reply", &p.MandatoryPrompterReply, nameItem)
	num(w, "lonely_children_count", &p.LonelyChildrenCount)
	dec(w, "p_lonely_child_extension", &p.LonelyChildExtension)
	span(w, "recent_tasks_span_sec", &p.RecentTasksSpan, time.Second)
	num(w, "max_pending_tasks_per_user", &p.MaxPendingTasksPerUser)
	dec(w, "p_activate_backlog_tree", &p.ActivateBacklogTree)
	num(w, "min_active_rankings_per_lang", &p.MinActiveRankings)
	list(w, "init_prompt_disabled_langs", &p.InitPromptDisabledLangs, nameItem)
	list(w, "languages", &p.Languages, nameItem)
	num(w, "message_size_limit", &p.MessageSizeLimit)
	span(w, "duplicate_message_window_minutes", &p.DuplicateMessageWindow, time.Minute)
	span(w, "task_validity_minutes", &p.TaskValidity, time.Minute)
}
