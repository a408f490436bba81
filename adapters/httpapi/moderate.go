package httpapi

import (
	"errors"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/conversations"
)

// deleteMessage hides a message with everything below it. What is not there
// need not be deleted, as clients know it.
func deleteMessage(c *call) (reply, error) {
	m, err := byID(c)
	if errors.Is(err, errNoMessage) {
		return done, nil
	}
	if err != nil {
		return reply{}, err
	}
	return done, c.moderate(func(reason string) tree.Command { return tree.Delete{Message: m.ID, Reason: reason} })
}

func restoreMessage(c *call, m *conversations.Message) (reply, error) {
	err := c.moderate(func(reason string) tree.Command { return tree.Restore{Message: m.ID, Reason: reason} })
	if err != nil {
		return reply{}, err
	}
	return accepted(nil)
}

// moderate does something to a tree, with the reason that the query gives.
func (c *call) moderate(do func(reason string) tree.Command) error {
	reason, _ := c.text("reason")
	if err := c.valid(); err != nil {
		return err
	}
	by, err := c.byModerator()
	if err != nil {
		return err
	}
	_, err = c.do(by, commands.OnTree{Do: do(reason)})
	return err
}

func editMessage(c *call) (reply, error) {
	o := c.object()
	user, text, reason := o.userAt("user", true), o.text("new_content", true, 0, maxText), o.text("reason", false, 0, maxText)
	m, err := byID(c)
	if err != nil {
		return reply{}, err
	}
	who, err := c.introduce(*user)
	if err != nil {
		return reply{}, err
	}
	if _, err := c.do(domain.ByModerator(who.ID.String()), commands.OnTree{Do: tree.Edit{Message: m.ID, Text: text, Reason: reason}}); err != nil {
		return reply{}, err
	}
	return ok(nil)
}

var (
	emojiNamesAll = emojiNames(1<<len(domain.Emojis) - 1)
	emojiOps      = []string{string(tree.EmojiToggle), string(tree.EmojiAdd), string(tree.EmojiRemove)}
)

func reactToMessage(c *call) (reply, error) {
	o := c.object()
	user := o.userAt("user", true)
	emoji := o.word("emoji", true, typeEnum, emojiNamesAll)
	op := o.word("op", false, typeEnum, emojiOps)
	if op == "" {
		op = emojiOps[0]
	}
	m, err := byID(c)
	if err != nil {
		return reply{}, err
	}
	who, err := c.introduce(*user)
	if err != nil {
		return reply{}, err
	}
	do := tree.React{Message: m.ID, By: who.ID, Emoji: domain.Emoji(emoji), Op: tree.EmojiOp(op)}
	if _, err := c.do(domain.ByContributor(who.ID), commands.OnTree{Do: do}); err != nil {
		return reply{}, err
	}
	if err := c.settle(); err != nil {
		return reply{}, err
	}
	if m, err = c.message(m.ID); err != nil {
		return reply{}, err
	}
	shown, err := c.messagesFor(who.ID, []*conversations.Message{m})
	if err != nil {
		return reply{}, err
	}
	return accepted(shown[0])
}
