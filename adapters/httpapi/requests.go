package httpapi

import (
	"encoding/json"
	"slices"
	"strings"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/directory"
	"dendro/domain/tree"
)

// userIn is the model User: a contributor as a frontend names one.
type userIn struct {
	login       directory.Login
	displayName string
}

// Bounds of what requests may hold, in characters where texts are counted so.
const (
	maxName    = 200
	maxText    = 1 << 20 // the policy's limit, and the body's, are stricter
	maxRanking = 64
)

var authMethods = []string{"discord", "google", "local", "system"}

// user reads a User that is this very object.
func (o object) user() userIn {
	return userIn{
		login: directory.Login{
			Username: o.text("id", true, 1, maxName), Method: o.word("auth_method", true, typeConst, authMethods),
		},
		displayName: o.text("display_name", true, 0, maxName),
	}
}

// userAt reads a User member; nil where it may be left out and is.
func (o object) userAt(key string, required bool) *userIn {
	inner, ok := o.object(key, required)
	if !ok {
		return nil
	}
	u := inner.user()
	return &u
}

var requestTypes = func() []string {
	all := []string{string(domain.TaskRandom)}
	for _, k := range domain.NeverAvailable {
		all = append(all, string(k))
	}
	for _, k := range domain.TaskKinds {
		all = append(all, string(k))
	}
	return all
}()

// taskRequest is the model TaskRequest.
type taskRequest struct {
	kind       domain.TaskKind
	user       *userIn
	collective bool
	lang       string
}

func readTaskRequest(o object) taskRequest {
	t := taskRequest{
		kind: domain.TaskKind(o.word("type", false, typeEnum, requestTypes)), user: o.userAt("user", false),
		collective: o.truth("collective", false), lang: o.text("lang", false, 0, maxName),
	}
	if t.kind == "" {
		t.kind = domain.TaskRandom
	}
	if t.lang == "" {
		t.lang = "en"
	}
	return t
}

// The types of interaction. A rating is known, and no campaign asks for any.
const (
	typeReply   = "text_reply_to_message"
	typeRanking = "message_ranking"
	typeLabels  = "text_labels"
	typeRating  = "message_rating"
)

// interaction is what is handed in: one of the models TextReplyToMessage,
// MessageRanking and TextLabels, by kind.
type interaction struct {
	kind          string
	user          *userIn
	frontendID    string // of the task
	userMessageID string
	text          string
	lang          string
	synthetic     bool
	model         string
	ranking       []int
	notRankable   bool
	labels        labelsIn
}

func readInteraction(o object) interaction {
	in := interaction{kind: o.interactionType()}
	switch in.kind {
	case typeReply:
		in.user = o.userAt("user", true)
		in.frontendID = o.text("message_id", true, 1, maxName)
		in.userMessageID = o.text("user_message_id", true, 1, maxName)
		in.text = o.text("text", true, 1, maxText)
		if given, ok := o.members["text"].(string); ok && given != "" && strings.TrimSpace(given) == "" {
			o.bad("text", typeShort, "the text is empty; write something", map[string]any{"limit_value": 1})
		}
		in.lang = o.text("lang", false, 0, maxName)
		in.synthetic, in.model = o.truth("synthetic", false), o.text("model_name", false, 0, maxName)
	case typeRanking:
		in.user = o.userAt("user", true)
		in.frontendID = o.text("message_id", true, 1, maxName)
		in.ranking, in.notRankable = o.ranking(), o.truth("not_rankable", false)
	case typeLabels:
		in.labels = readLabels(o)
		in.user = in.labels.user
	}
	return in
}

// interactionType reads the type, or tells it by a member that only that one
// has.
func (o object) interactionType() string {
	if _, given := o.get("type", false); given {
		return o.word("type", true, typeConst, []string{typeReply, typeRanking, typeLabels, typeRating})
	}
	for _, only := range []struct{ member, kind string }{
		{"user_message_id", typeReply}, {"ranking", typeRanking}, {"labels", typeLabels},
	} {
		if _, given := o.get(only.member, false); given {
			return only.kind
		}
	}
	return typeReply
}

func (o object) ranking() []int {
	var out []int
	for _, v := range o.list("ranking", true, maxRanking) {
		n, ok := whole(v)
		if !ok {
			o.bad("ranking", typeInteger, "a place is no whole number", nil)
			return nil
		}
		out = append(out, n)
	}
	return out
}

// labelsIn is the model TextLabels.
type labelsIn struct {
	user    *userIn
	message domain.MessageID
	task    domain.TaskID // zero: free labels
	text    string
	labels  []tree.LabelValue
	report  bool
}

func readLabels(o object) labelsIn {
	in := labelsIn{user: o.userAt("user", true), text: o.text("text", true, 0, maxText), report: o.truth("is_report", false)}
	id, _ := o.id("message_id", true)
	task, _ := o.id("task_id", false)
	in.message, in.task = domain.MessageID(id), domain.TaskID(task)
	if none, ok := o.members["labels"].([]any); ok && len(none) == 0 {
		return in // reports of the Open-Assistant web site hold [], which its backend took for {}
	}
	if labels, ok := o.object("labels", true); ok {
		in.labels = labels.labels()
	}
	return in
}

var labelNames = func() []string {
	all := make([]string, len(domain.Labels))
	for i, l := range domain.Labels {
		all[i] = string(l.Name)
	}
	return all
}()

// labels reads an object of label values, into the canonical order.
func (o object) labels() []tree.LabelValue {
	for key := range o.members {
		if !slices.Contains(labelNames, key) {
			o.bad("__key__", typeEnum, "this is no label", map[string]any{"enum_values": labelNames})
			return nil
		}
	}
	var out []tree.LabelValue
	for _, name := range labelNames {
		if v, given := o.members[name]; given {
			if x, ok := o.share(name, v); ok {
				out = append(out, tree.LabelValue{Label: domain.Label(name), Value: x})
			}
		}
	}
	return out
}

// share reads a number from 0 to 1, as it stands: no float in between. It may
// be quoted, as the Open-Assistant text frontend has it.
func (o object) share(key string, v any) (x decimal.Decimal, ok bool) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	case bool:
		text = "0"
		if v {
			text = "1"
		}
	default:
		o.bad(key, typeNumber, "this is no number", nil)
		return x, false
	}
	x, err := decimal.Parse(text)
	switch {
	case err != nil:
		o.bad(key, typeNumber, "this is no number that can stand here", nil)
	case x.Sign() < 0:
		o.bad(key, "value_error.number.not_ge", "give a number from 0 to 1", map[string]any{"limit_value": 0})
	case !x.Within01():
		o.bad(key, typeNotBelow, "give a number from 0 to 1", map[string]any{"limit_value": 1})
	default:
		return x, true
	}
	return decimal.Decimal{}, false
}
