package httpapi

import (
	"time"

	"dendro/domain"
)

// stamp is a time as the wire has it.
type stamp time.Time

const stampLayout = "2006-01-02T15:04:05.000000+00:00"

func (s stamp) String() string { return time.Time(s).UTC().Format(stampLayout) }

// MarshalText implements encoding.TextMarshaler.
func (s stamp) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// orNull gives null for the zero time.
func orNull(t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}

// idOrNull gives null for the zero id.
func idOrNull[K any](id domain.ID[K]) *domain.ID[K] {
	if id.IsZero() {
		return nil
	}
	return &id
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// conversationMessage is the model ConversationMessage.
type conversationMessage struct {
	ID           domain.MessageID     `json:"id"`
	UserID       domain.ContributorID `json:"user_id"`
	FrontendID   *string              `json:"frontend_message_id"`
	Text         string               `json:"text"`
	Lang         string               `json:"lang"`
	IsAssistant  bool                 `json:"is_assistant"`
	Emojis       map[string]int       `json:"emojis"`
	UserEmojis   []string             `json:"user_emojis"`
	UserIsAuthor *bool                `json:"user_is_author"`
	Synthetic    *bool                `json:"synthetic"`
}

type conversation struct {
	Messages []conversationMessage `json:"messages"`
}

// message is the model Message.
type message struct {
	conversationMessage
	ParentID     *domain.MessageID `json:"parent_id"`
	CreatedDate  stamp             `json:"created_date"`
	ReviewResult *bool             `json:"review_result"`
	ReviewCount  int               `json:"review_count"`
	Deleted      bool              `json:"deleted"`
	Edited       bool              `json:"edited"`
	ModelName    *string           `json:"model_name"`
	TreeID       domain.TreeID     `json:"message_tree_id"`
	RankingCount int               `json:"ranking_count"`
	Rank         *int              `json:"rank"`
	User         *frontEndUser     `json:"user"`
}

type messageTree struct {
	ID       domain.MessageID `json:"id"`
	Messages []message        `json:"messages"`
}

// page is a cursor page of messages, users or flags.
type page[T any] struct {
	Prev    *string `json:"prev"`
	Next    *string `json:"next"`
	SortKey string  `json:"sort_key"`
	Items   []T     `json:"items"`
	Order   string  `json:"order"`
}

type treeState struct {
	TreeID      domain.TreeID    `json:"message_tree_id"`
	State       domain.TreeState `json:"state"`
	Goal        int              `json:"goal_tree_size"`
	MaxDepth    int              `json:"max_depth"`
	MaxChildren int              `json:"max_children_count"`
	Active      bool             `json:"active"`
	Origin      *string          `json:"origin"`
}

type revision struct {
	ID           domain.EventID   `json:"id"`
	Text         string           `json:"text"`
	MessageID    domain.MessageID `json:"message_id"`
	UserID       *string          `json:"user_id"`
	CreatedDate  stamp            `json:"created_date"`
	UserIsAuthor bool             `json:"user_is_author"`
}

// frontEndUser is the model FrontEndUser.
type frontEndUser struct {
	ID             string               `json:"id"`
	DisplayName    string               `json:"display_name"`
	AuthMethod     string               `json:"auth_method"`
	UserID         domain.ContributorID `json:"user_id"`
	Enabled        bool                 `json:"enabled"`
	Deleted        bool                 `json:"deleted"`
	Notes          string               `json:"notes"`
	CreatedDate    *stamp               `json:"created_date"`
	Shown          bool                 `json:"show_on_leaderboard"`
	StreakDays     *int                 `json:"streak_days"`
	StreakLastDay  *stamp               `json:"streak_last_day_date"`
	LastActivity   *stamp               `json:"last_activity_date"`
	TermsConsented *stamp               `json:"tos_acceptance_date"`
}

type labelDescription struct {
	Name        domain.Label  `json:"name"`
	Widget      domain.Widget `json:"widget"`
	DisplayText string        `json:"display_text"`
	HelpText    *string       `json:"help_text"`
}

type validLabels struct {
	ValidLabels []labelDescription `json:"valid_labels"`
}

type taskDone struct {
	ID   domain.TaskID `json:"id"`
	Type string        `json:"type"`
}
