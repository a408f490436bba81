package httpapi_test

import (
	"net/url"
	"strings"
	"testing"

	"dendro/adapters/httpapi"
)

// scene is the story that the recorded exchanges stand in: seven people, one
// tree from its prompt to its end, and what is done about it afterwards.
type scene struct {
	*wire
	ids     map[string]string
	prompt0 taken // wire-0's
	tree    string
	reply   string // an assistant's, of wire-2
}

var wirePeople = []string{"wire-0", "wire-1", "wire-2", "wire-3", "wire-4", "wire-5", "wire-6"}

func q(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func (s *scene) accounts() {
	u := user("wire-0")
	u["tos_acceptance"], u["show_on_leaderboard"], u["enabled"] = true, true, true
	s.is("POST_frontend_users", ask{method: "POST", path: "/frontend_users/", body: u})
	s.ids = s.register(wirePeople...)
	s.is("POST_frontend_users__403_wrong_key", ask{method: "POST", path: "/frontend_users/", key: "wrong", body: user("wire-0")})
	s.is("POST_frontend_users__422_auth_method", ask{method: "POST", path: "/frontend_users/", body: m{"id": "x", "display_name": "x", "auth_method": "carrier pigeon"}})
	s.is("POST_admin_api_client", ask{method: "POST", path: "/admin/api_client", root: rootToken, body: m{"description": "wire test", "frontend_type": "test", "trusted": false}})
	s.is("POST_admin_api_client__403", ask{method: "POST", path: "/admin/api_client", root: "WRONG", body: m{"description": "x", "frontend_type": "x"}})
	s.is("GET_admin_backend_settings_public", ask{method: "GET", path: "/admin/backend_settings/public"})

	s.is("GET_frontend_users", ask{method: "GET", path: "/frontend_users/", query: q("max_count", "2")})
	s.is("GET_frontend_users_auth_username", ask{method: "GET", path: "/frontend_users/local/wire-0"})
	s.is("GET_frontend_users_auth_username__404", ask{method: "GET", path: "/frontend_users/local/nobody"})
	s.is("GET_frontend_users_auth_username_messages__404", ask{method: "GET", path: "/frontend_users/local/nobody/messages"})
	at := "/users/" + s.ids["wire-0"]
	s.is("GET_users_id", ask{method: "GET", path: at})
	s.is("GET_users_id__403_no_key", ask{method: "GET", path: at, key: withoutKey})
	s.is("GET_users_id__404", ask{method: "GET", path: "/users/" + unknownID})
	s.is("GET_users_id__404_untrusted", ask{method: "GET", path: at, key: s.untrusted})
	s.is("GET_users_id__422", ask{method: "GET", path: "/users/not-a-uuid"})
	s.is("PUT_users_id", ask{method: "PUT", path: at, query: q("notes", "a note", "tos_acceptance", "true")})
	s.is("PUT_users_id__403_untrusted", ask{method: "PUT", path: at, key: s.untrusted})
	s.is("PUT_users_id__404", ask{method: "PUT", path: "/users/" + unknownID, query: q("notes", "x")})
	s.is("GET_users_by_display_name", ask{method: "GET", path: "/users/by_display_name", query: q("max_count", "2", "desc", "true")})
	s.is("GET_users_by_username", ask{method: "GET", path: "/users/by_username", query: q("max_count", "2", "search_text", "wire")})
	s.is("GET_users_by_username__400_keyset", ask{method: "GET", path: "/users/by_username", query: q("gt_id", unknownID)})
	page := s.is("GET_users_cursor", ask{method: "GET", path: "/users/cursor", query: q("max_count", "3", "sort_key", "username")})
	s.is("GET_users_cursor__after", ask{method: "GET", path: "/users/cursor", query: q("max_count", "3", "sort_key", "username", "after", page.text("next"))})
	s.is("GET_users_cursor__400_sort_key", ask{method: "GET", path: "/users/cursor", query: q("sort_key", "age")})
}

func (s *scene) beforeWork() {
	s.is("GET_leaderboards_tf__before_update", ask{method: "GET", path: "/leaderboards/week"})
	s.is("GET_leaderboards_tf__404_user", ask{method: "GET", path: "/leaderboards/day", user: "local:nobody"})
	s.is("GET_leaderboards_tf__422", ask{method: "GET", path: "/leaderboards/decade"})
	s.is("GET_users_id_stats__404", ask{method: "GET", path: "/users/" + unknownID + "/stats"})
	s.is("GET_users_id_stats_tf__404", ask{method: "GET", path: "/users/" + unknownID + "/stats/day"})
	s.is("GET_users_id_stats_tf__before_update", ask{method: "GET", path: "/users/" + s.ids["wire-4"] + "/stats/total"})
	s.is("GET_stats_cached_name__400_not_there", ask{method: "GET", path: "/stats/cached/human_messages_by_lang"})

	s.is("POST_tasks_availability", ask{method: "POST", path: "/tasks/availability", query: q("lang", "en"), body: user("wire-0")})
	s.is("POST_tasks_availability__400_no_user", ask{method: "POST", path: "/tasks/availability", query: q("lang", "en")})
	s.is("POST_tasks__400_no_user", ask{method: "POST", path: "/tasks/", body: m{"type": "random", "lang": "en"}})
	s.is("POST_tasks__422_empty", ask{method: "POST", path: "/tasks/", body: ""})
	s.is("POST_tasks__422_type", ask{method: "POST", path: "/tasks/", body: m{"type": "nonsense", "user": user("wire-0")}})
	s.is("POST_tasks__403_wrong_key", ask{method: "POST", path: "/tasks/", key: "wrong", body: m{"type": "random", "user": user("wire-0")}})
	for name, kind := range map[string]string{
		"POST_tasks__503_not_available": "assistant_reply", "POST_tasks__rank_initial_prompts": "rank_initial_prompts",
		"POST_tasks__rank_prompter_replies": "rank_prompter_replies", "POST_tasks__summarize_story": "summarize_story",
	} {
		s.is(name, s.asking("wire-0", kind))
	}
	s.is("POST_tasks__collective", ask{method: "POST", path: "/tasks/", user: as("wire-1"), body: m{"type": "initial_prompt", "user": user("wire-1"), "lang": "en", "collective": true}})

	s.must(s.do(ask{method: "PUT", path: "/users/" + s.ids["wire-1"], query: q("enabled", "false", "reason", "a test")}), 204)
	s.is("POST_tasks__503_user_disabled", s.asking("wire-1", "random"))
	s.must(s.do(ask{method: "PUT", path: "/users/" + s.ids["wire-1"], query: q("enabled", "true")}), 204)
	for range 8 {
		s.must(s.do(s.asking("wire-3", "initial_prompt")), 200)
	}
	s.is("POST_tasks__400_too_many_pending", s.asking("wire-3", "initial_prompt"))
}

func (s *scene) asking(name, kind string) ask {
	return ask{method: "POST", path: "/tasks/", user: as(name), body: m{"type": kind, "user": user(name), "lang": "en"}}
}

func (s *scene) acking(id, frontend string) ask {
	return ask{method: "POST", path: "/tasks/" + id + "/ack", user: as("wire-0"), body: m{"message_id": frontend}}
}

func interaction(by string, body m) ask {
	return ask{method: "POST", path: "/tasks/interaction", user: as(by), body: body}
}

// changed gives a copy of a body with other members.
func changed(body m, pairs ...any) m {
	out := m{}
	for k, v := range body {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// taskOf reads the task out of an answer.
func taskOf(a answer) taken {
	replies, _ := a.at("replies").([]any)
	return taken{id: a.text("id"), kind: a.text("type"), frontend: freshID(), message: a.text("message_id"), replies: len(replies), answer: a}
}

// prompt lets wire-0 write a prompt, with every mistake on the way. No tree may
// grow yet, so that it will wait for the lottery.
func (s *scene) prompt() {
	s.must(s.do(ask{method: "PUT", path: "/campaign", body: m{"policy": m{"max_active_trees": 0}, "reason": "a test"}}), 200)
	t := taskOf(s.is("POST_tasks__initial_prompt", s.asking("wire-0", "initial_prompt")))
	s.tree = t.id
	s.is("POST_tasks_ack__404", s.acking(unknownID, "x"))
	s.is("POST_tasks_ack__422", ask{method: "POST", path: "/tasks/" + t.id + "/ack", body: m{}})
	s.is("POST_tasks_ack__400_empty_id", s.acking(t.id, ""))
	s.is("POST_tasks_ack", s.acking(t.id, t.frontend))
	s.is("POST_tasks_ack__400_already_updated", s.acking(t.id, "another"))

	text := submission("wire-0", t, "Why do trees have rings, and what can they tell?")
	s.is("POST_tasks_interaction__422_type", interaction("wire-0", m{"type": "nonsense", "user": user("wire-0")}))
	s.is("POST_tasks_interaction__422_blank_text", interaction("wire-0", changed(text, "text", " \n ")))
	s.is("POST_tasks_interaction__400_too_long", interaction("wire-0", changed(text, "text", strings.Repeat("x", 2001))))
	s.is("POST_tasks_interaction__400_task_not_found", interaction("wire-0", changed(text, "message_id", freshID())))
	s.is("POST_tasks_interaction__400_other_user", interaction("wire-1", changed(text, "user", user("wire-1"))))
	s.is("POST_tasks_interaction__text_reply_to_message", interaction("wire-0", text))
	s.is("POST_tasks_interaction__400_already_done", interaction("wire-0", changed(text, "text", "Something else.", "user_message_id", freshID())))
	s.prompt0 = t
	s.prompt0.message = text["user_message_id"].(string)
	s.is("GET_messages_id_tree_state__review", ask{method: "GET", path: "/messages/" + s.tree + "/tree/state"})

	again := taskOf(s.must(s.do(s.asking("wire-0", "initial_prompt")), 200))
	s.acknowledge(again)
	s.is("POST_tasks_interaction__400_duplicate_text", interaction("wire-0", submission("wire-0", again, text["text"].(string))))
	nack := ask{method: "POST", path: "/tasks/" + again.id + "/nack", body: m{"reason": "not in the mood"}}
	s.is("POST_tasks_nack__400_no_user", nack)
	nack.user = as("wire-0")
	s.is("POST_tasks_nack", nack)
	nack.path = "/tasks/" + unknownID + "/nack"
	s.is("POST_tasks_nack__400_not_found", nack)
	for _, name := range []string{"wire-3"} {
		s.clock.Advance(301e9) // the tasks that were left lying cool
		_ = name
	}
}

// reviews lets the prompt be accepted.
func (s *scene) reviews() {
	t := taskOf(s.is("POST_tasks__random", s.asking("wire-6", "random")))
	s.must(s.do(ask{method: "POST", path: "/tasks/" + t.id + "/nack", user: as("wire-6"), body: m{"reason": ""}}), 204)

	t = taskOf(s.is("POST_tasks__label_initial_prompt", s.asking("wire-4", "label_initial_prompt")))
	labels := submission("wire-4", t, "")
	labels["labels"] = m{"spam": 0, "lang_mismatch": 0, "quality": 0.75, "creativity": 0.0, "humor": 0.25, "toxicity": 0.0, "violence": 0.25, "not_appropriate": 0, "pii": 0, "hate_speech": 0, "sexual_content": 0}
	s.is("POST_tasks_interaction__400_not_ack", interaction("wire-4", labels))
	s.acknowledge(t)
	s.is("POST_tasks_interaction__400_wrong_message", interaction("wire-4", changed(labels, "message_id", unknownID)))
	s.is("POST_tasks_interaction__400_invalid_label", interaction("wire-4", changed(labels, "labels", m{"spam": 0, "fails_task": 0})))
	s.is("POST_tasks_interaction__400_mandatory_label", interaction("wire-4", changed(labels, "labels", m{"quality": 1})))
	s.is("POST_tasks_interaction__422_label_value", interaction("wire-4", changed(labels, "labels", m{"spam": 7})))
	s.is("POST_tasks_interaction__text_labels", interaction("wire-4", labels))

	collective := taskOf(s.must(s.do(ask{method: "POST", path: "/tasks/", body: m{"type": "label_initial_prompt", "user": user("wire-3"), "collective": true}}), 200))
	s.acknowledge(collective)
	for _, name := range []string{"wire-3", "wire-5"} {
		s.must(s.do(interaction(name, submission(name, collective, ""))), 200)
	}
	s.is("POST_tasks_close", ask{method: "POST", path: "/tasks/close", user: as("wire-3"), body: m{"message_id": collective.frontend}})
	s.is("GET_messages_id_tree_state__lottery", ask{method: "GET", path: "/messages/" + s.tree + "/tree/state"})
	s.must(s.do(ask{method: "PUT", path: "/campaign", body: m{"policy": m{"max_active_trees": 10}, "reason": "a test"}}), 200)
	if err := s.engine.Quiesce(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// growing lets the tree come to its end.
func (s *scene) growing() {
	s.is("POST_tasks_availability__growing", ask{method: "POST", path: "/tasks/availability", query: q("lang", "en"), body: user("wire-1")})
	hand := func(ask, given string, by string, t taken) {
		s.acknowledge(t)
		s.is(given, interaction(by, submission(by, t, "A reply of "+by+", "+t.frontend)))
	}
	t := taskOf(s.is("POST_tasks__assistant_reply", s.asking("wire-1", "assistant_reply")))
	hand("", "POST_tasks_interaction__for_assistant_reply", "wire-1", t)
	t = taskOf(s.is("POST_tasks__label_assistant_reply", s.asking("wire-4", "label_assistant_reply")))
	hand("", "POST_tasks_interaction__for_label_assistant_reply", "wire-4", t)
	s.work("wire-3", "label_assistant_reply")
	s.work("wire-5", "label_assistant_reply")
	t = taskOf(s.is("POST_tasks__prompter_reply", s.asking("wire-2", "prompter_reply")))
	hand("", "POST_tasks_interaction__for_prompter_reply", "wire-2", t)
	t = taskOf(s.is("POST_tasks__label_prompter_reply", s.asking("wire-4", "label_prompter_reply")))
	hand("", "POST_tasks_interaction__for_label_prompter_reply", "wire-4", t)

	for rounds := 0; s.treeState(s.tree) == "growing" && rounds < 50; rounds++ {
		for _, name := range []string{"wire-0", "wire-1", "wire-2"} {
			s.work(name, "assistant_reply")
			s.work(name, "prompter_reply")
		}
		for _, name := range []string{"wire-3", "wire-4", "wire-5"} {
			for s.work(name, "label_assistant_reply") || s.work(name, "label_prompter_reply") {
			}
		}
		s.clock.Advance(301e9)
	}
	t = taskOf(s.is("POST_tasks__rank_assistant_replies", s.asking("wire-4", "rank_assistant_replies")))
	s.acknowledge(t)
	ranking := submission("wire-4", t, "")
	s.is("POST_tasks_interaction__400_invalid_ranking", interaction("wire-4", changed(ranking, "ranking", make([]int, t.replies))))
	s.is("POST_tasks_interaction__for_rank_assistant_replies", interaction("wire-4", ranking))
	s.grow("wire-3", "wire-4", "wire-5", "wire-6")
	s.is("GET_messages_id_tree_state", ask{method: "GET", path: "/messages/" + s.tree + "/tree/state"})
}

func (s *scene) reading() {
	id, front := "/messages/"+s.tree, "/frontend_messages/"+s.prompt0.message
	viewer := as("wire-4")
	s.is("GET_messages_id", ask{method: "GET", path: id, user: viewer})
	s.is("GET_messages_id__404", ask{method: "GET", path: "/messages/" + unknownID})
	s.is("GET_messages_id__422", ask{method: "GET", path: "/messages/nonsense"})
	s.is("GET_messages_id__untrusted", ask{method: "GET", path: id, key: s.untrusted})
	s.is("GET_frontend_messages_id", ask{method: "GET", path: front, user: viewer})
	s.is("GET_frontend_messages_id__404", ask{method: "GET", path: "/frontend_messages/unknown"})
	for _, part := range []string{"conversation", "tree", "children", "descendants", "longest_conversation_in_tree", "max_children_in_tree"} {
		s.is("GET_messages_id_"+part, ask{method: "GET", path: id + "/" + part, user: viewer})
		s.is("GET_frontend_messages_id_"+part, ask{method: "GET", path: front + "/" + part, user: viewer})
	}
	for _, part := range []string{"conversation", "tree"} {
		s.is("GET_messages_id_"+part+"__404", ask{method: "GET", path: "/messages/" + unknownID + "/" + part})
	}
	s.is("GET_messages_id_tree_state__404", ask{method: "GET", path: "/messages/" + unknownID + "/tree/state"})

	s.is("GET_messages", ask{method: "GET", path: "/messages/", user: as("wire-0"), query: q("max_count", "3", "lang", "en")})
	s.is("GET_messages__400_auth_method_missing", ask{method: "GET", path: "/messages/", query: q("username", "wire-0")})
	page := s.is("GET_messages_cursor", ask{method: "GET", path: "/messages/cursor", user: as("wire-0"), query: q("max_count", "3", "lang", "en", "desc", "true")})
	s.is("GET_messages_cursor__after", ask{method: "GET", path: "/messages/cursor", user: as("wire-0"), query: q("max_count", "3", "lang", "en", "desc", "true", "after", page.text("next"))})
	s.is("GET_messages_cursor__400_bad_cursor", ask{method: "GET", path: "/messages/cursor", query: q("after", "rubbish")})
	s.is("GET_messages_cursor__422_max_count", ask{method: "GET", path: "/messages/cursor", query: q("max_count", "0")})
	s.is("GET_messages_cursor__include_user", ask{method: "GET", path: "/messages/cursor", query: q("max_count", "1", "include_user", "true")})
	s.is("GET_messages_cursor__search", ask{method: "GET", path: "/messages/cursor", query: q("max_count", "1", "lang", "en", "search_query", "garden")})

	one := "/users/" + s.ids["wire-0"] + "/messages"
	s.is("GET_users_id_messages", ask{method: "GET", path: one, query: q("max_count", "2")})
	s.is("GET_users_id_messages_cursor", ask{method: "GET", path: one + "/cursor", query: q("max_count", "1")})
	s.is("GET_frontend_users_auth_username_messages", ask{method: "GET", path: "/frontend_users/local/wire-0/messages", query: q("max_count", "2")})
	s.is("GET_frontend_users_auth_username_messages_cursor", ask{method: "GET", path: "/frontend_users/local/wire-0/messages/cursor", query: q("max_count", "1")})

	s.is("GET_text_labels_report_labels", ask{method: "GET", path: "/text_labels/report_labels"})
	s.is("GET_text_labels_valid_labels", ask{method: "GET", path: "/text_labels/valid_labels"})
	s.is("GET_text_labels_valid_labels__404", ask{method: "GET", path: "/text_labels/valid_labels", query: q("message_id", unknownID)})
	s.is("GET_text_labels_valid_labels__message", ask{method: "GET", path: "/text_labels/valid_labels", query: q("message_id", s.tree)})
	s.is("GET_stats", ask{method: "GET", path: "/stats/"})
	s.is("GET_stats__403_untrusted", ask{method: "GET", path: "/stats/", key: s.untrusted})
	s.is("GET_stats_cached", ask{method: "GET", path: "/stats/cached"})
	s.is("GET_stats_cached_name", ask{method: "GET", path: "/stats/cached/message_trees_by_state"})
	s.is("GET_stats_cached_name__422", ask{method: "GET", path: "/stats/cached/nonsense"})
	s.is("GET_stats_tree_manager", ask{method: "GET", path: "/stats/tree_manager"})
	s.is("GET_stats_tree_manager_state_counts", ask{method: "GET", path: "/stats/tree_manager/state_counts"})
	s.is("GET_stats_tree_manager_message_counts", ask{method: "GET", path: "/stats/tree_manager/message_counts", query: q("only_active", "false")})
	s.is("POST_stats_cached_update", ask{method: "POST", path: "/stats/cached/update"})
}

func (s *scene) reactions() {
	at := "/messages/" + s.tree + "/emoji"
	emoji := func(who, op, emoji string) m { return m{"user": user(who), "op": op, "emoji": emoji} }
	s.is("POST_messages_id_emoji__404", ask{method: "POST", path: "/messages/" + unknownID + "/emoji", body: emoji("wire-4", "add", "+1")})
	s.is("POST_messages_id_emoji__422", ask{method: "POST", path: at, body: emoji("wire-4", "add", "nonsense")})
	s.is("POST_messages_id_emoji__add", ask{method: "POST", path: at, body: emoji("wire-4", "add", "+1")})
	s.is("POST_messages_id_emoji__toggle", ask{method: "POST", path: at, body: emoji("wire-4", "toggle", "-1")})
	s.is("POST_messages_id_emoji__own", ask{method: "POST", path: at, body: emoji("wire-0", "add", "+1")})

	labels := m{"type": "text_labels", "user": user("wire-4"), "message_id": s.tree, "text": "", "labels": m{"quality": 0.75, "spam": 0}}
	s.is("POST_text_labels", ask{method: "POST", path: "/text_labels/", body: labels})
	s.is("POST_text_labels__403", ask{method: "POST", path: "/text_labels/", key: "wrong", body: labels})
	s.is("POST_text_labels__422", ask{method: "POST", path: "/text_labels/", body: changed(labels, "labels", m{"no_such_label": 1})})
	s.is("POST_text_labels__unknown_message", ask{method: "POST", path: "/text_labels/", body: changed(labels, "message_id", unknownID)})
	s.is("POST_text_labels__report", ask{method: "POST", path: "/text_labels/", body: changed(labels, "text", "please look at this", "is_report", true)})
}

func (s *scene) scores() {
	s.is("GET_leaderboards_tf", ask{method: "GET", path: "/leaderboards/day", user: as("wire-0"), query: q("max_count", "3")})
	s.is("POST_leaderboards_update", ask{method: "POST", path: "/leaderboards/update"})
	s.is("POST_leaderboards_update_tf", ask{method: "POST", path: "/leaderboards/update/day"})
	at := "/users/" + s.ids["wire-0"] + "/stats"
	s.is("GET_users_id_stats", ask{method: "GET", path: at})
	s.is("GET_users_id_stats__only_day", ask{method: "GET", path: "/users/" + s.ids["wire-4"] + "/stats"})
	s.is("GET_users_id_stats_tf", ask{method: "GET", path: at + "/total"})
	s.is("GET_users_id_stats_tf_window", ask{method: "GET", path: at + "/total/window", query: q("window_size", "3")})
	s.is("GET_trollboards_tf", ask{method: "GET", path: "/trollboards/total", query: q("max_count", "3")})
	s.is("GET_trollboards_tf__403_untrusted", ask{method: "GET", path: "/trollboards/day", key: s.untrusted})
}

func (s *scene) moderation() {
	s.is("GET_admin_flagged_messages", ask{method: "GET", path: "/admin/flagged_messages", query: q("max_count", "10")})
	s.is("GET_admin_flagged_messages__403_untrusted", ask{method: "GET", path: "/admin/flagged_messages", key: s.untrusted, query: q("max_count", "1")})
	s.is("GET_admin_flagged_messages_cursor", ask{method: "GET", path: "/admin/flagged_messages/cursor", query: q("max_count", "10")})
	s.is("POST_admin_flagged_messages_processed", ask{method: "POST", path: "/admin/flagged_messages/" + s.tree + "/processed"})
	s.is("POST_admin_flagged_messages_processed__404", ask{method: "POST", path: "/admin/flagged_messages/" + unknownID + "/processed"})

	state := ask{method: "PUT", path: "/messages/" + s.tree + "/tree/state", query: q("halt", "true")}
	s.is("PUT_messages_id_tree_state__halt", state)
	state.query = q("halt", "false")
	s.is("PUT_messages_id_tree_state__resume", state)
	state.path = "/messages/" + unknownID + "/tree/state"
	s.is("PUT_messages_id_tree_state__404", state)

	list := s.must(s.do(ask{method: "GET", path: "/users/" + s.ids["wire-2"] + "/messages", query: q("max_count", "100")}), 200)
	for i := 0; list.at(i) != nil; i++ {
		if list.at(i, "is_assistant") == true {
			s.reply = list.text(i, "id")
		}
	}
	at := "/messages/" + s.reply
	edit := ask{method: "POST", path: at + "/edit", body: m{"user": user("wire-4"), "new_content": "edited by a moderator"}}
	s.is("POST_messages_id_edit", edit)
	edit.path = "/messages/" + unknownID + "/edit"
	s.is("POST_messages_id_edit__404", edit)
	s.is("GET_messages_id_history", ask{method: "GET", path: at + "/history"})
	s.is("DELETE_messages_id__403_untrusted", ask{method: "DELETE", path: at, key: s.untrusted})
	s.is("DELETE_messages_id__unknown", ask{method: "DELETE", path: "/messages/" + unknownID})
	s.is("DELETE_messages_id", ask{method: "DELETE", path: at})
	s.is("GET_messages_id__deleted", ask{method: "GET", path: at})
	s.is("GET_messages_id_conversation__deleted", ask{method: "GET", path: at + "/conversation"})
	s.is("PUT_messages_id_undelete__untrusted", ask{method: "PUT", path: at + "/undelete", key: s.untrusted})
	s.is("PUT_messages_id_undelete", ask{method: "PUT", path: at + "/undelete"})
}

func (s *scene) endings() {
	s.is("POST_admin_merge_users", ask{method: "POST", path: "/admin/merge_users", body: m{"destination_user_id": s.ids["wire-0"], "source_user_ids": []string{s.ids["wire-6"]}}})
	s.is("POST_admin_merge_users__404", ask{method: "POST", path: "/admin/merge_users", body: m{"destination_user_id": unknownID, "source_user_ids": []string{s.ids["wire-0"]}}})
	at := "/admin/purge_user/" + s.ids["wire-2"]
	s.is("POST_admin_purge_user_id__404", ask{method: "POST", path: "/admin/purge_user/" + unknownID, query: q("preview", "true")})
	s.is("POST_admin_purge_user_id__preview", ask{method: "POST", path: at, query: q("preview", "true")})
	s.is("POST_admin_purge_user_id_messages__preview", ask{method: "POST", path: at + "/messages", query: q("preview", "true")})
	s.is("GET_users_id__purged", ask{method: "GET", path: "/users/" + s.ids["wire-2"]})
	s.is("DELETE_frontend_users_auth_username_messages", ask{method: "DELETE", path: "/frontend_users/local/wire-2/messages"})
	s.is("DELETE_users_id_messages", ask{method: "DELETE", path: "/users/" + s.ids["wire-2"] + "/messages"})
	s.is("POST_admin_purge_user_id_messages", ask{method: "POST", path: at + "/messages", query: q("preview", "false")})
	s.is("POST_admin_purge_user_id", ask{method: "POST", path: at, query: q("preview", "false")})
	s.is("DELETE_users_id__404", ask{method: "DELETE", path: "/users/" + unknownID})
	s.is("DELETE_users_id", ask{method: "DELETE", path: "/users/" + s.ids["wire-1"]})
	s.is("GET_users_id__deleted", ask{method: "GET", path: "/users/" + s.ids["wire-1"]})
}

// limited asks too often, of a server that counts.
func (s *scene) limited(t *testing.T) {
	limited := &wire{world: newWorld(t, func(c *httpapi.Config) { c.NoRateLimits = false }), known: s.known, seen: s.seen}
	limited.register("wire-0")
	a := ask{method: "POST", path: "/tasks/", body: m{"type": "random", "user": user("wire-0"), "lang": "en"}}
	for range 30 {
		if got := limited.do(a); got.status == 429 {
			t.Fatalf("the limit came too early: %s", got.raw)
		}
	}
	for range 30 { // the bucket fills while the test's clock runs
		if limited.do(a).status == 429 {
			break
		}
	}
	got := limited.is("POST_tasks__429_too_many_requests", a)
	if got.header.Get("Retry-After") == "" {
		t.Error("a refusal for too many requests does not say when to come again")
	}
}
