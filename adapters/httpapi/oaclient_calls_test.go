package httpapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oaClient calls as the Open-Assistant clients do: the Python API client and
// the text frontend, which send a key and name the contributor in bodies, and
// the web site's server side, which also sends a header in everybody's name.
type oaClient struct {
	*world
	http *http.Client
	key  string
	as   string // X-OASST-USER; "" is none
	ids  int    // what the frontend numbers its own messages by
}

// newOAClient gives a client that follows redirects, as requests, aiohttp and
// fetch do, and keeps the contract.
func (w *world) newOAClient(key, as string) *oaClient {
	following := *w.client
	following.CheckRedirect = nil
	return &oaClient{world: w, http: &following, key: key, as: as}
}

// acting gives a client whose header names somebody.
func (c *oaClient) acting(who oaCore) *oaClient {
	other := *c
	other.as = string(who.AuthMethod) + ":" + who.ID
	return &other
}

// oaError is a refusal: OasstError of the clients.
type oaError struct {
	Status, Code int
	Message      string
}

func (e *oaError) Error() string { return fmt.Sprintf("%d, code %d: %s", e.Status, e.Code, e.Message) }

// none is where a client reads no answer.
type none struct{}

// send makes a call and gives the bytes of its answer, nil for a 204.
func (c *oaClient) send(r *http.Request) ([]byte, error) {
	c.clock.Advance(time.Second)
	r.Header.Set("X-API-Key", c.key)
	r.Header.Set("Content-Type", "application/json")
	if c.as != "" {
		r.Header.Set("X-OASST-USER", c.as)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode == http.StatusNoContent:
		return nil, nil
	case res.Header.Get("Content-Type") != "application/json": // aiohttp reads no other
		return nil, fmt.Errorf("answer %d is %q: %s", res.StatusCode, res.Header.Get("Content-Type"), raw)
	case res.StatusCode >= 300:
		return nil, refusal(res.StatusCode, raw)
	}
	return raw, nil
}

func refusal(status int, raw []byte) error {
	if status == http.StatusUnprocessableEntity {
		type detail struct {
			Loc  []any  `json:"loc"`
			Msg  string `json:"msg"`
			Type string `json:"type"`
		}
		type invalid struct {
			Detail []detail `json:"detail"`
		}
		if _, err := parse[invalid](raw); err != nil {
			return fmt.Errorf("answer 422 %s: %w", raw, err)
		}
		return &oaError{Status: status, Code: -1, Message: string(raw)}
	}
	type told struct {
		Message string `json:"message"`
		Code    int    `json:"error_code"`
	}
	body, err := parse[told](raw)
	if err != nil {
		return fmt.Errorf("answer %d %s: %w", status, raw, err)
	}
	return &oaError{status, body.Code, body.Message}
}

func (c *oaClient) request(method, path string, query url.Values, body any) *http.Request {
	c.t.Helper()
	target := c.server.URL + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, target, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// call makes a call whose answer is of a model.
func call[T any](c *oaClient, method, path string, query url.Values, body any) (answer T, err error) {
	c.t.Helper()
	raw, err := c.send(c.request(method, path, query, body))
	if err != nil {
		return answer, err
	}
	_, silent := any(answer).(none)
	switch {
	case raw == nil && !silent:
		return answer, errors.New("the answer is empty")
	case silent && raw != nil && !json.Valid(raw): // fetch's json() fails on an empty body that is no 204
		return answer, fmt.Errorf("the answer is %q, which is no JSON", raw)
	case silent:
		return answer, nil
	}
	if answer, err = parse[T](raw); err != nil {
		return answer, fmt.Errorf("%s %s answers %s: %w", method, path, raw, err)
	}
	return answer, nil
}

func get[T any](c *oaClient, path string, pairs ...string) (T, error) {
	c.t.Helper()
	return call[T](c, "GET", "/api/v1"+path, pairsOf(pairs), nil)
}

func pairsOf(pairs []string) url.Values {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return query
}

// sure fails the test unless the call before it went well.
func sure[T any](c *oaClient) func(T, error) T {
	c.t.Helper()
	return func(answer T, err error) T {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
		return answer
	}
}

// wantRefusal fails the test unless an error is a refusal with this status and code.
func wantRefusal(t testing.TB, err error, status, code int) {
	t.Helper()
	var e *oaError
	if !errors.As(err, &e) || e.Status != status || e.Code != code {
		t.Errorf("got %v, want a refusal %d with code %d", err, status, code)
	}
}

// frontendID makes a message id as the text frontend does: no UUID, and short.
func (c *oaClient) frontendID() string {
	c.ids++
	return strconv.Itoa(1000 + c.ids)
}

// The Python API client.

func (c *oaClient) task(path string, body any) (any, error) {
	c.t.Helper()
	raw, err := c.send(c.request("POST", "/api/v1"+path, nil, body))
	if err != nil {
		return nil, err
	}
	return parseTask(raw)
}

func (c *oaClient) fetchTask(kind oaRequest, who *oaCore, collective bool, lang *string) (any, error) {
	c.t.Helper()
	return c.task("/tasks/", m{"type": kind, "user": who, "collective": collective, "lang": lang})
}

func (c *oaClient) ackTask(id oaUUID, messageID string) error {
	c.t.Helper()
	_, err := call[none](c, "POST", "/api/v1/tasks/"+string(id)+"/ack", nil, m{"message_id": messageID})
	return err
}

func (c *oaClient) nackTask(id oaUUID, body m) error {
	c.t.Helper()
	_, err := call[none](c, "POST", "/api/v1/tasks/"+string(id)+"/nack", nil, body)
	return err
}

func (c *oaClient) postInteraction(interaction m) (any, error) {
	c.t.Helper()
	return c.task("/tasks/interaction", interaction)
}

// The text frontend.

// takeOne lets somebody do a random task as the text frontend does: no header,
// short message ids, and labels whose values are strings. It gives the type.
func (c *oaClient) takeOne(who oaCore) string {
	c.t.Helper()
	task := sure[any](c)(c.task("/tasks/", m{"type": "random", "user": who}))
	answer := m{"user": who, "message_id": c.frontendID(), "type": "text_reply_to_message"}
	var head oaTask
	switch t := task.(type) {
	case oaPromptTask:
		head = t.oaTask
	case oaPrompterTask:
		head = t.oaTask
		c.takesTurns(t.Conversation, true)
	case oaAssistantTask:
		head = t.oaTask
		c.takesTurns(t.Conversation, false)
	case oaRankTask:
		head = t.oaTask
		answer["type"], answer["ranking"] = "message_ranking", byLength(t.Replies)
		c.showsReplies(t)
	case oaLabelPromptTask:
		head = t.oaTask
		c.fillLabels(answer, t.oaLabelTask, t.Prompt)
	case oaLabelReplyTask:
		head = t.oaTask
		c.fillLabels(answer, t.oaLabelTask, t.Reply)
	default:
		c.t.Fatalf("random gives %#v", task)
	}
	sure[none](c)(none{}, c.ackTask(head.ID, answer["message_id"].(string)))
	if kind := answer["type"]; kind == "text_labels" {
		answer["message_id"] = answer["labelled"]
		delete(answer, "labelled")
	} else if kind == "text_reply_to_message" {
		answer["user_message_id"] = c.frontendID()
		answer["text"] = fmt.Sprintf("%s says %s", who.DisplayName, strings.Repeat("word ", c.ids%7+1)+answer["user_message_id"].(string))
	}
	answer["task_id"] = head.ID
	if order, ok := answer["ranking"].([]int); ok {
		_, err := c.postInteraction(m{"type": "message_ranking", "user": who, "message_id": answer["message_id"], "ranking": order[1:]})
		wantRefusal(c.t, err, 400, 2003)
	}
	raw := sure[[]byte](c)(c.send(tolerated(c.request("POST", "/api/v1/tasks/interaction", nil, answer))))
	if done := sure[any](c)(parseTask(raw)); done.(oaTaskDone).Type != "task_done" {
		c.t.Fatalf("after a task comes %#v", done)
	}
	return head.Type
}

// takesTurns holds a conversation to its alternation: the prompter is next or
// the assistant is.
func (c *oaClient) takesTurns(talk oaConversation, prompterNext bool) {
	c.t.Helper()
	for i, line := range talk.Messages {
		if line.Assistant != (i%2 == 1) {
			c.t.Errorf("turn %d is of the wrong role: %#v", i, talk)
		}
	}
	if len(talk.Messages) == 0 || talk.Messages[len(talk.Messages)-1].Assistant != prompterNext {
		c.t.Errorf("it is not the turn of who is asked: %#v", talk)
	}
}

func (c *oaClient) showsReplies(t oaRankTask) {
	c.t.Helper()
	if len(t.Replies) < 2 || len(t.Replies) != len(t.ReplyMessages) {
		c.t.Fatalf("a ranking of %d replies, %d messages", len(t.Replies), len(t.ReplyMessages))
	}
	for i, line := range t.ReplyMessages {
		if line.Text != t.Replies[i] || line.Synthetic != nil {
			c.t.Errorf("reply %d is %#v, shown as %q", i, line, t.Replies[i])
		}
	}
}

// byLength ranks the longest reply first, and equals as they come.
func byLength(replies []string) []int {
	order := make([]int, len(replies))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(replies[b]) - len(replies[a]) })
	return order
}

// fillLabels answers the valid labels with "1" or "0".
func (c *oaClient) fillLabels(answer m, t oaLabelTask, text string) {
	c.t.Helper()
	last := t.Conversation.Messages
	if len(last) == 0 || last[len(last)-1].Text != text {
		c.t.Errorf("the text to label is %q, the conversation %#v", text, last)
	}
	names := []string{}
	for _, l := range t.Labels {
		names = append(names, l.Name)
	}
	if !slices.Equal(names, t.Valid) {
		c.t.Errorf("labels %v, described %v", t.Valid, names)
	}
	for _, name := range t.Mandatory {
		if !slices.Contains(t.Valid, name) {
			c.t.Errorf("%s is mandatory, and not valid", name)
		}
	}
	labels := m{}
	for _, name := range t.Valid {
		labels[name] = "0"
		if name == "quality" {
			labels[name] = "1"
		}
	}
	answer["type"], answer["labelled"], answer["labels"], answer["text"] = "text_labels", t.MessageID, labels, text
}

// The web site's server side.

// interact sends an interaction as the web site does: every member of every
// kind, and over them those of its content.
func (c *oaClient) interact(kind string, task oaUUID, messageID, userMessageID string, content m, who oaCore) (any, error) {
	c.t.Helper()
	body := m{"type": kind, "user": who, "task_id": task, "message_id": messageID, "user_message_id": userMessageID, "lang": "en"}
	for name, value := range content {
		body[name] = value
	}
	return c.postInteraction(body)
}

func (c *oaClient) acceptTerms(who oaCore) (oaUser, error) {
	c.t.Helper()
	known, err := call[oaUser](c, "POST", "/api/v1/frontend_users/", nil, who)
	if err != nil {
		return known, err
	}
	_, err = call[none](c, "PUT", "/api/v1/users/"+string(known.UserID), url.Values{"tos_acceptance": {"true"}}, nil)
	return known, err
}

func (c *oaClient) frontendUser(who oaCore) (oaUser, error) {
	c.t.Helper()
	return get[oaUser](c, "/frontend_users/"+string(who.AuthMethod)+"/"+who.ID)
}

func (c *oaClient) availableTasks(who oaCore, lang string) (map[string]int, error) {
	c.t.Helper()
	return call[map[string]int](c, "POST", "/api/v1/tasks/availability", pairsOf([]string{"lang", lang}), who)
}

func (c *oaClient) setEmoji(id oaUUID, who oaCore, emoji, op string) (oaMessage, error) {
	c.t.Helper()
	return call[oaMessage](c, "POST", "/api/v1/messages/"+string(id)+"/emoji", nil, m{"user": who, "emoji": emoji, "op": op})
}

// report sends a report, whose labels are an empty list where a map belongs.
func (c *oaClient) report(id oaUUID, who oaCore, text string) error {
	c.t.Helper()
	r := c.request("POST", "/api/v1/text_labels/", nil, m{
		"type": "text_labels", "message_id": id, "labels": []string{}, "text": text, "is_report": true, "user": who,
	})
	_, err := c.send(tolerated(r))
	return err
}

func (c *oaClient) setLabels(id oaUUID, who oaCore, labels m) error {
	c.t.Helper()
	_, err := call[none](c, "POST", "/api/v1/text_labels", nil, m{ // the slash comes by a redirect
		"type": "text_labels", "message_id": id, "labels": labels, "text": "", "user": who,
	})
	return err
}

// walk turns the pages of a listing to its end and back, and gives its items.
// Both ways must show the same pages.
func walkPages[T any](c *oaClient, path string, count int, pairs ...string) []T {
	c.t.Helper()
	turn := func(cursor ...string) oaPage[T] {
		c.t.Helper()
		query := append([]string{"max_count", strconv.Itoa(count)}, pairs...)
		return sure[oaPage[T]](c)(get[oaPage[T]](c, path, append(query, cursor...)...))
	}
	pages := []oaPage[T]{turn()}
	for last := pages[0]; last.Next != nil; pages = append(pages, last) {
		if last = turn("after", *last.Next); len(pages) > 100 {
			c.t.Fatalf("%s has no last page", path)
		}
	}
	if pages[0].Prev != nil {
		c.t.Errorf("%s: something is before the first page: %s", path, *pages[0].Prev)
	}
	all := []T{}
	for _, page := range pages {
		if len(page.Items) > count || len(page.Items) == 0 && len(pages) > 1 {
			c.t.Errorf("%s: a page of %d has %d items", path, count, len(page.Items))
		}
		all = append(all, page.Items...)
	}
	here := pages[len(pages)-1]
	for i := len(pages) - 2; i >= 0; i-- {
		if here.Prev == nil {
			c.t.Fatalf("%s: no way back from page %d", path, i+1)
		}
		here = turn("before", *here.Prev)
		sameJSON(c.t, fmt.Sprintf("%s: page %d, seen on the way back", path, i), here.Items, pages[i].Items)
	}
	if here.Prev != nil {
		c.t.Errorf("%s: on the way back something is before the first page", path)
	}
	return all
}

func sameJSON(t testing.TB, what string, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	w, err2 := json.Marshal(want)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g, w) {
		t.Errorf("%s:\ngot:  %s\nwant: %s", what, g, w)
	}
}
