package tree

import (
	"strings"

	"dendro/domain"
)

// MaxImported bounds the messages of an imported tree.
const MaxImported = 5000

// importTree takes a whole tree; importing the same one again adds nothing.
func (d *decision) importTree(c Import) error {
	t := c.Tree
	if root := d.s.Root(); root != nil {
		if d.s.ImportedAs != "" && len(t.Messages) > 0 && root.ID == t.Messages[0].Message {
			return nil
		}
		return domain.Refuse(domain.Conflict, "a tree %s is here already, and was not imported", d.s.ID)
	}
	if t.State != domain.ReadyForExport && t.State != domain.BacklogRanking {
		return domain.Refuse(domain.Invalid, "a tree can be imported as %s or %s, not as %q", domain.ReadyForExport, domain.BacklogRanking, t.State)
	}
	if len(t.Messages) == 0 || len(t.Messages) > MaxImported {
		return domain.Refuse(domain.Invalid, "an imported tree has 1 to %d messages, this one %d", MaxImported, len(t.Messages))
	}
	roles := make(map[domain.MessageID]domain.Role, len(t.Messages))
	for i, m := range t.Messages {
		if err := importable(m, i == 0, roles); err != nil {
			return err
		}
		roles[m.Message] = m.Role
	}
	d.emit(t)
	return nil
}

func importable(m ImportedMessage, root bool, roles map[domain.MessageID]domain.Role) error {
	above, known := roles[m.Parent]
	_, twice := roles[m.Message]
	switch {
	case m.Message.IsZero() || twice:
		return domain.Refuse(domain.Invalid, "message %s has no id, or one that is there twice", m.Message)
	case root && (!m.Parent.IsZero() || m.Role != domain.Prompter):
		return domain.Refuse(domain.Invalid, "the first message, %s, must be a prompt without a parent", m.Message)
	case !root && !known:
		return domain.Refuse(domain.Invalid, "the parent of message %s is missing, or comes after it", m.Message)
	case !root && m.Role != above.Other():
		return domain.Refuse(domain.Invalid, "message %s has the role of its parent", m.Message)
	case strings.TrimSpace(m.Text) == "":
		return domain.Refuse(domain.TextEmpty, "message %s has no text", m.Message)
	case m.Created.IsZero():
		return domain.Refuse(domain.Invalid, "message %s has no time", m.Message)
	}
	return nil
}
