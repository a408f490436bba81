package httpapi

import (
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/conversations"
)

// anyMessage gives a message, whoever may see it.
func (c *call) anyMessage(id domain.MessageID) (*conversations.Message, error) {
	return found(c, errNoMessage, func() (*conversations.Message, error) { return c.views.Message(c.ctx(), id) })
}

// anyMessages gives messages, all of which are there or soon will be.
func (c *call) anyMessages(ids []domain.MessageID) ([]*conversations.Message, error) {
	list, err := c.views.MessagesByID(c.ctx(), ids)
	for i := 0; err == nil && i < len(list); i++ {
		if list[i] == nil {
			list[i], err = c.anyMessage(ids[i])
		}
	}
	return list, err
}

// message gives a message that the client may see.
func (c *call) message(id domain.MessageID) (*conversations.Message, error) {
	m, err := c.anyMessage(id)
	if err == nil && !c.sees(m.Client) {
		return nil, errNoMessage
	}
	return m, err
}

// pathTo gives the messages from the root to this one.
func (c *call) pathTo(m *conversations.Message) ([]*conversations.Message, error) {
	up := []*conversations.Message{m}
	for !m.Parent.IsZero() {
		var err error
		if m, err = c.anyMessage(m.Parent); err != nil {
			return nil, err
		}
		up = append(up, m)
	}
	slices.Reverse(up)
	return up, nil
}

// conversation shows messages as one who is to work on them sees them.
func (c *call) conversation(viewer domain.ContributorID, path []*conversations.Message) (conversation, error) {
	shown, err := c.conversationMessages(viewer, path)
	return conversation{Messages: shown}, err
}

// conversationMessages renders messages for a viewer; zero is nobody.
func (c *call) conversationMessages(viewer domain.ContributorID, list []*conversations.Message) ([]conversationMessage, error) {
	owners, mine, err := c.viewpoint(viewer, list)
	if err != nil {
		return nil, err
	}
	out := make([]conversationMessage, len(list))
	for i, m := range list {
		emojis := make(map[string]int, len(m.Emojis))
		for _, e := range m.Emojis {
			emojis[string(e.Emoji)] = e.Count
		}
		var isAuthor *bool
		if !viewer.IsZero() {
			is := owners[i] == viewer
			isAuthor = &is
		}
		synthetic := m.Synthetic
		out[i] = conversationMessage{
			ID: m.ID, UserID: owners[i], FrontendID: textOrNull(m.FrontendID), Text: m.Text, Lang: m.Language,
			IsAssistant: m.Role == domain.Assistant, Emojis: emojis, UserEmojis: emojiNames(mine[i]),
			UserIsAuthor: isAuthor, Synthetic: &synthetic,
		}
	}
	return out, nil
}

// viewpoint gives whose the messages are, and which emojis the viewer has on them.
func (c *call) viewpoint(viewer domain.ContributorID, list []*conversations.Message) (owners []domain.ContributorID, mine []uint16, err error) {
	owners = make([]domain.ContributorID, len(list))
	ids := make([]domain.MessageID, len(list))
	mergers, err := c.mergers()
	if err != nil {
		return nil, nil, err
	}
	for i, m := range list {
		ids[i], owners[i] = m.ID, mergers.Owner(m.Author)
	}
	mine = make([]uint16, len(list))
	if viewer.IsZero() {
		return owners, mine, nil
	}
	for _, account := range mergers.Accounts([]domain.ContributorID{viewer})[0] {
		sets, err := c.views.Reactions(c.ctx(), account, ids)
		if err != nil {
			return nil, nil, err
		}
		for i := range sets {
			mine[i] |= sets[i]
		}
	}
	return owners, mine, nil
}

func emojiNames(set uint16) []string {
	names := []string{}
	for i, e := range domain.Emojis {
		if set>>i&1 == 1 {
			names = append(names, string(e))
		}
	}
	return names
}

// viewing gives whom messages are shown to; zero is nobody.
func (c *call) viewing() (domain.ContributorID, error) {
	who, err := c.viewer, error(nil)
	if who == nil {
		who, err = c.named()
	}
	if err != nil || who == nil {
		return domain.ContributorID{}, err
	}
	return who.ID, nil
}

// messages renders whole messages for whoever they are shown to.
func (c *call) messages(list []*conversations.Message) ([]message, error) {
	viewer, err := c.viewing()
	if err != nil {
		return nil, err
	}
	return c.messagesFor(viewer, list)
}

func (c *call) messagesFor(viewer domain.ContributorID, list []*conversations.Message) ([]message, error) {
	short, err := c.conversationMessages(viewer, list)
	if err != nil {
		return nil, err
	}
	out := make([]message, len(list))
	for i, m := range list {
		out[i] = message{
			conversationMessage: short[i], ParentID: idOrNull(m.Parent), CreatedDate: stamp(m.Created),
			ReviewResult: reviewResult(m.Result), ReviewCount: m.Reviews, Deleted: m.Deleted, Edited: m.Edited,
			ModelName: textOrNull(m.Model), TreeID: m.Tree, RankingCount: m.Rankings,
		}
		if m.Ranked {
			rank := m.Rank
			out[i].Rank = &rank
		}
	}
	return out, nil
}

func reviewResult(r tree.Result) *bool {
	if r == tree.Undecided {
		return nil
	}
	is := r == tree.Accepted
	return &is
}
