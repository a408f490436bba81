package httpapi

import (
	"slices"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/tree"
)

var labelRoutes = []Route{
	post("/text_labels/", keyed, setLabels),
	get("/text_labels/valid_labels", keyed, getValidLabels),
	get("/text_labels/report_labels", anyone, func(*call) (reply, error) {
		return ok(validLabels{describe(shownIn(reportOrder, domain.LabelsOfReport()))})
	}),
}

// reason is what was written beside a report.
func (l *labelsIn) reason() string {
	if l.report {
		return l.text
	}
	return ""
}

func setLabels(c *call) (reply, error) {
	in := readLabels(c.object())
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if _, err := c.message(in.message); err != nil {
		return reply{}, err
	}
	who, err := c.introduce(*in.user)
	if err != nil {
		return reply{}, err
	}
	_, err = c.do(domain.ByContributor(who.ID), commands.OnTree{Do: tree.SetLabels{
		Message: in.message, By: who.ID, Client: c.client.ID, Labels: in.labels, Report: in.report, Reason: in.reason(),
	}})
	return done, err
}

func getValidLabels(c *call) (reply, error) {
	id, given := c.id("message_id")
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if !given {
		var all []domain.Label
		for _, l := range domain.LabelsFree() {
			if l != domain.LabelFailsTask {
				all = append(all, l)
			}
		}
		return ok(validLabels{describe(all)})
	}
	m, err := c.message(domain.MessageID(id))
	if err != nil {
		return reply{}, err
	}
	return ok(validLabels{describe(shownIn(taskOrder, domain.LabelsAsked(m.Role)))})
}

// The orders in which forms show labels, as clients know them.
var (
	taskOrder = []domain.Label{
		domain.LabelSpam, domain.LabelLangMismatch, domain.LabelFailsTask, domain.LabelQuality, "helpfulness", "creativity",
		"humor", "toxicity", "violence", "not_appropriate", "pii", "hate_speech", "sexual_content",
	}
	reportOrder = []domain.Label{
		domain.LabelSpam, "not_appropriate", "pii", "hate_speech", "sexual_content", "moral_judgement", "political_content",
		"toxicity", "violence", domain.LabelQuality,
	}
)

// shownIn puts labels into an order that has them all.
func shownIn(order, labels []domain.Label) []domain.Label {
	out := make([]domain.Label, 0, len(labels))
	for _, l := range order {
		if slices.Contains(labels, l) {
			out = append(out, l)
		}
	}
	return out
}

// labelText is how a label is asked in a user interface.
type labelText struct{ question, help string }

var labelTexts = map[domain.Label]labelText{
	domain.LabelSpam:         {"Is this spam?", "Advertising, gibberish, copied filler, or no honest try at all."},
	domain.LabelFailsTask:    {"Does the reply miss what was asked?", "It answers another question, or none."},
	domain.LabelLangMismatch: {"Is it in another language?", "Than the one that this conversation is held in. Quotations and names don't count."},
	"pii":                    {"Does it give away personal data?", "Addresses, phone numbers, e-mails or anything else that identifies a private person."},
	"not_appropriate":        {"Is it inappropriate?", "Not fit for an assistant that everybody may talk to."},
	"hate_speech":            {"Is it hateful?", "It attacks or demeans people for who they are."},
	"sexual_content":         {"Is it sexual?", "Sexual acts or allusions, also between the lines."},
	"moral_judgement":        {"Does it judge morals?", "It tells others what is right or wrong to think or to be."},
	"political_content":      {"Is it political?", "It takes sides for or against a party, a person or a cause."},
	domain.LabelQuality:      {"How good is it?", "From useless to excellent, for what it sets out to do."},
	"toxicity":               {"How rude is it?", "From friendly to insulting."},
	"humor":                  {"How funny is it?", "From earnest to hilarious."},
	"helpfulness":            {"How much does it help?", "From not at all to all that one could wish for."},
	"creativity":             {"How creative is it?", "From ordinary to never seen before."},
	"violence":               {"How violent is it?", "From harmless to threatening or praising violence."},
}

func describe(labels []domain.Label) []labelDescription {
	out := make([]labelDescription, len(labels))
	for i, l := range labels {
		t := labelTexts[l]
		out[i] = labelDescription{Name: l, Widget: domain.Labels[l.Index()].Widget, DisplayText: t.question, HelpText: textOrNull(t.help)}
	}
	return out
}
