package remote

import (
	"encoding/json"

	"dendro/domain"
	"dendro/domain/tree"
)

// The part of the API's models that the crowd reads and writes.

type user struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	AuthMethod  string `json:"auth_method"`
}

type newcomer struct {
	user
	TermsAccepted bool `json:"tos_acceptance"`
}

type taskRequest struct {
	Type domain.TaskKind `json:"type"`
	User user            `json:"user"`
	Lang string          `json:"lang"`
}

// task is any kind of task; only some members go with each.
type task struct {
	ID           domain.TaskID    `json:"id"`
	Type         domain.TaskKind  `json:"type"`
	MessageID    domain.MessageID `json:"message_id"`
	Labels       []domain.Label   `json:"valid_labels"`
	Mandatory    []domain.Label   `json:"mandatory_labels"`
	Conversation struct {
		Messages []message `json:"messages"`
	} `json:"conversation"`
	Replies []message `json:"reply_messages"`
}

type message struct {
	ID          domain.MessageID `json:"id"`
	UserID      string           `json:"user_id"`
	Text        string           `json:"text"`
	Lang        string           `json:"lang"`
	IsAssistant bool             `json:"is_assistant"`
	Deleted     bool             `json:"deleted"`
}

func (m *message) role() domain.Role {
	if m.IsAssistant {
		return domain.Assistant
	}
	return domain.Prompter
}

type acknowledgement struct {
	MessageID string `json:"message_id"`
}

type refusal struct {
	Reason string `json:"reason"`
}

type textReply struct {
	Type          string `json:"type"` // text_reply_to_message
	User          user   `json:"user"`
	MessageID     string `json:"message_id"`
	UserMessageID string `json:"user_message_id"`
	Text          string `json:"text"`
	Lang          string `json:"lang"`
}

type ranking struct {
	Type        string `json:"type"` // message_ranking
	User        user   `json:"user"`
	MessageID   string `json:"message_id"`
	Ranking     []int  `json:"ranking"`
	NotRankable bool   `json:"not_rankable"`
}

type textLabels struct {
	Type      string                       `json:"type"` // text_labels
	User      user                         `json:"user"`
	Text      string                       `json:"text"`
	Labels    map[domain.Label]json.Number `json:"labels"`
	MessageID domain.MessageID             `json:"message_id"`
	TaskID    *domain.TaskID               `json:"task_id"`
	IsReport  bool                         `json:"is_report"`
}

func labelsOf(values []tree.LabelValue) map[domain.Label]json.Number {
	out := make(map[domain.Label]json.Number, len(values))
	for _, v := range values {
		out[v.Label] = json.Number(v.Value.String())
	}
	return out
}

type reaction struct {
	User  user         `json:"user"`
	Op    tree.EmojiOp `json:"op"`
	Emoji domain.Emoji `json:"emoji"`
}

type messagePage struct {
	Next  *string   `json:"next"`
	Items []message `json:"items"`
}

type leaderboard struct {
	Lines []struct {
		Rank  int `json:"rank"`
		Score int `json:"leader_score"`
	} `json:"leaderboard"`
}

type flag struct {
	MessageID domain.MessageID `json:"message_id"`
	Processed bool             `json:"processed"`
}

type inForce struct {
	Policy struct {
		Languages []string `json:"languages"`
	} `json:"policy"`
}

type failure struct {
	Message string `json:"message"`
	Code    int    `json:"error_code"`
}

// The codes that the crowd looks at.
const (
	codeNone          = -1 // an answer that is no refusal of the engine
	codeNoTask        = 1006
	codeTextDuplicate = 1009
	codeTextEmpty     = 1010
	codeDisabled      = 4001
)
