package httpapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// The models of api.md, as typed clients hold them. A pointer may be null, and
// nothing else: the numbers that api.md lets be null have a default in the
// clients' models, which take no null for it. Every field must be there, since
// nulls are sent and not left out; what else an answer holds is ignored.

type (
	oaUUID    string
	oaTime    string
	oaMethod  string // auth_method
	oaOrder   string
	oaWidget  string
	oaDone    string
	oaRequest string // a TaskRequestType
)

var (
	oaUUIDForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// Clients in Python before 3.11 take a fraction of six digits or none, and no Z.
	oaTimeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d$`)
)

func (s oaUUID) valid() bool    { return oaUUIDForm.MatchString(string(s)) }
func (s oaTime) valid() bool    { return oaTimeForm.MatchString(string(s)) }
func (s oaMethod) valid() bool  { return oneOf(s, "discord", "google", "local", "system") }
func (s oaOrder) valid() bool   { return oneOf(s, "asc", "desc") }
func (s oaWidget) valid() bool  { return oneOf(s, "yes_no", "flag", "likert") }
func (s oaDone) valid() bool    { return oneOf(s, "task_done") }
func (s oaRequest) valid() bool { return slices.Contains(oaRequests, s) }

func oneOf[S ~string](s S, known ...S) bool { return slices.Contains(known, s) }

var oaRequests = []oaRequest{
	"random", "summarize_story", "rate_summary", "initial_prompt", "prompter_reply", "assistant_reply",
	"rank_initial_prompts", "rank_prompter_replies", "rank_assistant_replies",
	"label_initial_prompt", "label_assistant_reply", "label_prompter_reply",
}

// oaCore is a User as clients send it.
type oaCore struct {
	ID          string   `json:"id"`
	DisplayName string   `json:"display_name"`
	AuthMethod  oaMethod `json:"auth_method"`
}

type oaUser struct {
	oaCore
	UserID            oaUUID  `json:"user_id"`
	Enabled           bool    `json:"enabled"`
	Deleted           bool    `json:"deleted"`
	Notes             string  `json:"notes"`
	CreatedDate       *oaTime `json:"created_date"`
	ShowOnLeaderboard bool    `json:"show_on_leaderboard"`
	StreakDays        *int    `json:"streak_days"`
	StreakLastDayDate *oaTime `json:"streak_last_day_date"`
	LastActivityDate  *oaTime `json:"last_activity_date"`
	TosAcceptanceDate *oaTime `json:"tos_acceptance_date"`
}

type oaLine struct { // a ConversationMessage
	ID         *oaUUID        `json:"id"`
	UserID     *oaUUID        `json:"user_id"`
	FrontendID *string        `json:"frontend_message_id"`
	Text       string         `json:"text"`
	Lang       *string        `json:"lang"`
	Assistant  bool           `json:"is_assistant"`
	Emojis     map[string]int `json:"emojis"`
	UserEmojis []string       `json:"user_emojis"`
	Author     *bool          `json:"user_is_author"`
	Synthetic  *bool          `json:"synthetic"`
}

type oaMessage struct {
	oaLine
	ParentID     *oaUUID `json:"parent_id"`
	CreatedDate  *oaTime `json:"created_date"`
	ReviewResult *bool   `json:"review_result"`
	ReviewCount  *int    `json:"review_count"`
	Deleted      *bool   `json:"deleted"`
	Edited       *bool   `json:"edited"`
	ModelName    *string `json:"model_name"`
	TreeID       *oaUUID `json:"message_tree_id"`
	RankingCount *int    `json:"ranking_count"`
	Rank         *int    `json:"rank"`
	User         *oaUser `json:"user"`
}

type oaConversation struct {
	Messages []oaLine `json:"messages"`
}

type oaTree struct {
	ID       oaUUID      `json:"id"`
	Messages []oaMessage `json:"messages"`
}

type oaTreeState struct {
	TreeID      oaUUID  `json:"message_tree_id"`
	State       string  `json:"state"`
	GoalSize    int     `json:"goal_tree_size"`
	MaxDepth    int     `json:"max_depth"`
	MaxChildren int     `json:"max_children_count"`
	Active      bool    `json:"active"`
	Origin      *string `json:"origin"`
}

type oaPage[T any] struct {
	Prev    *string `json:"prev"`
	Next    *string `json:"next"`
	SortKey string  `json:"sort_key"`
	Items   []T     `json:"items"`
	Order   oaOrder `json:"order"`
}

type oaRevision struct {
	ID          oaUUID  `json:"id"`
	Text        string  `json:"text"`
	MessageID   oaUUID  `json:"message_id"`
	UserID      *oaUUID `json:"user_id"`
	CreatedDate oaTime  `json:"created_date"`
	Author      *bool   `json:"user_is_author"`
}

type oaTask struct {
	ID   oaUUID `json:"id"`
	Type string `json:"type"`
}

type oaPromptTask struct {
	oaTask
	Hint *string `json:"hint"`
}

type oaAssistantTask struct {
	oaTask
	Conversation oaConversation `json:"conversation"`
}

type oaPrompterTask struct {
	oaAssistantTask
	Hint *string `json:"hint"`
}

type oaRankTask struct {
	oaAssistantTask
	Replies         []string `json:"replies"`
	ReplyMessages   []oaLine `json:"reply_messages"`
	TreeID          oaUUID   `json:"message_tree_id"`
	ParentID        oaUUID   `json:"ranking_parent_id"`
	RevealSynthetic bool     `json:"reveal_synthetic"`
}

type oaLabel struct {
	Name        string   `json:"name"`
	Widget      oaWidget `json:"widget"`
	DisplayText string   `json:"display_text"`
	HelpText    *string  `json:"help_text"`
}

type oaLabels struct {
	Valid []oaLabel `json:"valid_labels"`
}

type oaLabelTask struct {
	oaAssistantTask
	MessageID   oaUUID    `json:"message_id"`
	Valid       []string  `json:"valid_labels"`
	Mandatory   []string  `json:"mandatory_labels"`
	Mode        string    `json:"mode"`
	Disposition string    `json:"disposition"`
	Labels      []oaLabel `json:"labels"`
}

type oaLabelPromptTask struct {
	oaLabelTask
	Prompt string `json:"prompt"`
}

type oaLabelReplyTask struct {
	oaLabelTask
	Reply string `json:"reply"`
}

type oaTaskDone struct {
	ID   oaUUID `json:"id"`
	Type oaDone `json:"type"`
}

type oaScore struct {
	Rank            *int    `json:"rank"`
	UserID          oaUUID  `json:"user_id"`
	Highlighted     bool    `json:"highlighted"`
	Username        string  `json:"username"`
	AuthMethod      string  `json:"auth_method"`
	DisplayName     string  `json:"display_name"`
	LeaderScore     int     `json:"leader_score"`
	Level           int     `json:"level"`
	BaseDate        *oaTime `json:"base_date"`
	ModifiedDate    *oaTime `json:"modified_date"`
	Prompts         int     `json:"prompts"`
	Assistant       int     `json:"replies_assistant"`
	Prompter        int     `json:"replies_prompter"`
	LabelsSimple    int     `json:"labels_simple"`
	LabelsFull      int     `json:"labels_full"`
	RankingsTotal   int     `json:"rankings_total"`
	RankingsGood    int     `json:"rankings_good"`
	AcceptedPrompts int     `json:"accepted_prompts"`
	AcceptedAssist  int     `json:"accepted_replies_assistant"`
	AcceptedPrompt  int     `json:"accepted_replies_prompter"`
	Ranked1         int     `json:"reply_ranked_1"`
	Ranked2         int     `json:"reply_ranked_2"`
	Ranked3         int     `json:"reply_ranked_3"`
	StreakLastDay   *oaTime `json:"streak_last_day_date"`
	StreakDays      *int    `json:"streak_days"`
	LastActivity    *oaTime `json:"last_activity_date"`
}

type oaLeaderboard struct {
	TimeFrame   string    `json:"time_frame"`
	LastUpdated oaTime    `json:"last_updated"`
	Leaderboard []oaScore `json:"leaderboard"`
}

type oaTroll struct {
	Rank        *int     `json:"rank"`
	UserID      oaUUID   `json:"user_id"`
	Username    string   `json:"username"`
	Enabled     bool     `json:"enabled"`
	Deleted     bool     `json:"deleted"`
	Shown       bool     `json:"show_on_leaderboard"`
	TrollScore  int      `json:"troll_score"`
	RedFlags    int      `json:"red_flags"`
	Upvotes     int      `json:"upvotes"`
	Downvotes   int      `json:"downvotes"`
	SpamPrompts int      `json:"spam_prompts"`
	Quality     *float64 `json:"quality"`
	Toxicity    *float64 `json:"toxicity"`
	Spam        int      `json:"spam"`
	Mismatch    int      `json:"lang_mismach"` // so spelt on the wire
}

type oaTrollboard struct {
	TimeFrame   string    `json:"time_frame"`
	LastUpdated oaTime    `json:"last_updated"`
	Trollboard  []oaTroll `json:"trollboard"`
}

type oaStats struct {
	All          int            `json:"all"`
	Active       int            `json:"active"`
	ActiveByLang map[string]int `json:"active_by_lang"`
	Deleted      int            `json:"deleted"`
	MessageTrees int            `json:"message_trees"`
}

type oaTreeCount struct {
	TreeID   oaUUID `json:"message_tree_id"`
	State    string `json:"state"`
	Depth    int    `json:"depth"`
	Oldest   oaTime `json:"oldest"`
	Youngest oaTime `json:"youngest"`
	Count    int    `json:"count"`
	GoalSize int    `json:"goal_tree_size"`
}

type oaTreeManager struct {
	StateCounts   map[string]int `json:"state_counts"`
	MessageCounts []oaTreeCount  `json:"message_counts"`
}

type oaCached struct {
	ByName map[string]struct {
		Name        string `json:"name"`
		LastUpdated oaTime `json:"last_updated"`
		Stats       any    `json:"stats"`
	} `json:"stats_by_name"`
}

type oaFlagged struct {
	MessageID   oaUUID  `json:"message_id"`
	Processed   bool    `json:"processed"`
	CreatedDate *oaTime `json:"created_date"`
}

type oaSettings struct {
	API       string `json:"API_V1_STR"`
	SizeLimit int    `json:"MESSAGE_SIZE_LIMIT"`
}

// parseTask reads a task as the model of its type.
func parseTask(raw []byte) (any, error) {
	head, err := parse[oaTask](raw)
	if err != nil {
		return nil, err
	}
	switch head.Type {
	case "initial_prompt":
		return parse[oaPromptTask](raw)
	case "prompter_reply":
		return parse[oaPrompterTask](raw)
	case "assistant_reply":
		return parse[oaAssistantTask](raw)
	case "rank_prompter_replies", "rank_assistant_replies":
		return parse[oaRankTask](raw)
	case "label_initial_prompt":
		return parse[oaLabelPromptTask](raw)
	case "label_prompter_reply", "label_assistant_reply":
		return parse[oaLabelReplyTask](raw)
	case "task_done":
		return parse[oaTaskDone](raw)
	}
	return nil, fmt.Errorf("a task of the unknown type %q", head.Type)
}

// parse reads an answer as strictly as typed clients do.
func parse[T any](raw []byte) (model T, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return model, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return model, errors.New("more follows behind the value")
	}
	return model, fit(value, reflect.ValueOf(&model).Elem(), "")
}

// fit puts a JSON value into a model's place.
func fit(value any, into reflect.Value, at string) error {
	wrong := func() error { return fmt.Errorf("%s is %v, want a %s", at, value, into.Type()) }
	switch into.Kind() {
	case reflect.Pointer:
		if value == nil {
			return nil
		}
		into.Set(reflect.New(into.Type().Elem()))
		return fit(value, into.Elem(), at)
	case reflect.Struct:
		return fitObject(value, into, at)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return wrong()
		}
		into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
		for i, v := range list {
			if err := fit(v, into.Index(i), fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		object, ok := value.(m)
		if !ok {
			return wrong()
		}
		into.Set(reflect.MakeMap(into.Type()))
		for key, v := range object {
			element := reflect.New(into.Type().Elem()).Elem()
			if err := fit(v, element, at+"."+key); err != nil {
				return err
			}
			into.SetMapIndex(reflect.ValueOf(key), element)
		}
		return nil
	}
	if !fitScalar(value, into) {
		return wrong()
	}
	return nil
}

func fitObject(value any, into reflect.Value, at string) error {
	object, ok := value.(m)
	if !ok {
		return fmt.Errorf("%s is %v, want an object", at, value)
	}
	for i := range into.NumField() {
		field := into.Type().Field(i)
		if field.Anonymous {
			if err := fitObject(value, into.Field(i), at); err != nil {
				return err
			}
			continue
		}
		name := field.Tag.Get("json")
		member, ok := object[name]
		if !ok {
			return fmt.Errorf("%s.%s is missing", at, name)
		}
		if err := fit(member, into.Field(i), at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func fitScalar(value any, into reflect.Value) bool {
	switch v := value.(type) {
	case string:
		if into.Kind() != reflect.String {
			return fitAny(value, into)
		}
		into.SetString(v)
		form, has := into.Interface().(interface{ valid() bool })
		return !has || form.valid()
	case bool:
		if into.Kind() != reflect.Bool {
			return fitAny(value, into)
		}
		into.SetBool(v)
	case json.Number:
		n, err := v.Int64()
		switch f, _ := v.Float64(); {
		case into.Kind() == reflect.Int && err == nil && !strings.ContainsAny(v.String(), ".eE"):
			into.SetInt(n)
		case into.Kind() == reflect.Float64:
			into.SetFloat(f)
		default:
			return fitAny(value, into)
		}
	default:
		return fitAny(value, into)
	}
	return true
}

func fitAny(value any, into reflect.Value) bool {
	if into.Kind() != reflect.Interface || value == nil {
		return false
	}
	into.Set(reflect.ValueOf(value))
	return true
}
