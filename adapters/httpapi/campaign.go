package httpapi

import (
	"encoding/json"
	"regexp"
	"slices"

	"dendro/commands"
	"dendro/domain/campaign"
	"dendro/domain/policy"
	"dendro/domain/tree"
	"dendro/schemas"
)

var campaignRoutes = []Route{
	get("/campaign", keyed, getCampaign),
	put("/campaign", trusted, putCampaign),
}

// inForce is the policy that decisions are made under.
type inForce struct {
	Revision int             `json:"revision"`
	Policy   json.RawMessage `json:"policy"`
}

func getCampaign(c *call) (reply, error) { return showPolicy(c.policy()) }

func showPolicy(p policy.Policy, revision int) (reply, error) {
	text, err := schemas.AppendPolicy(nil, p)
	if err != nil {
		return reply{}, err
	}
	return ok(inForce{Revision: revision, Policy: text})
}

// putCampaign puts the given parameters in force beside the present ones. Of
// several such requests each starts from what the one before left.
func putCampaign(c *call) (reply, error) {
	o := c.object()
	o.object("policy", true)
	reason := o.text("reason", false, 0, tree.MaxReason)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	actor, err := c.byModerator()
	if err != nil {
		return reply{}, err
	}
	c.s.configuring.Lock()
	defer c.s.configuring.Unlock()
	next, err := c.mergedPolicy()
	if err != nil {
		return reply{}, err
	}
	res, err := c.do(actor, commands.OnCampaign{Do: campaign.Configure{Policy: next, Reason: reason}})
	if err != nil {
		return reply{}, err
	}
	for _, e := range res.Events {
		if now, is := e.Payload.(campaign.Configured); is {
			return showPolicy(now.Policy, now.Revision)
		}
	}
	return showPolicy(c.s.Engine.Policy())
}

// mergedPolicy reads the body's policy over the one in force.
func (c *call) mergedPolicy() (policy.Policy, error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(c.raw, &body); err != nil {
		return policy.Policy{}, err
	}
	now, _ := c.s.Engine.Policy()
	next, problems := schemas.MergePolicy(now, body["policy"])
	at := []any{"body", "policy"}
	for _, p := range problems {
		switch {
		case p.Parameter == "":
			c.problems.add(at, typeDict, p.Why, nil)
		case p.Unknown:
			c.problems.add(append(slices.Clone(at), p.Parameter), typeExtra, p.Why, nil)
		default:
			c.problems.add(append(slices.Clone(at), p.Parameter), typeValue, p.Why, nil)
		}
	}
	for _, list := range []struct {
		name string
		tags []string
	}{{"languages", next.Languages}, {"init_prompt_disabled_langs", next.InitPromptDisabledLangs}} {
		for i, tag := range list.tags {
			if !languageForm.MatchString(tag) {
				c.problems.add(append(slices.Clone(at), list.name, i), typeValue, "this is no BCP 47 language tag such as en or pt-BR", nil)
			}
		}
	}
	return next, c.valid()
}

// languageForm is what the tags of a policy look like.
var languageForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// typeExtra is the kind of a member that nothing is known of.
const typeExtra = "value_error.extra"
