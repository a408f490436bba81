package tree

import (
	"dendro/domain"
	"dendro/domain/decimal"
)

// review lets the reviews of a message decide, once there are enough. What is
// accepted stays accepted; a rejected reply may still become accepted by
// reviews that were under way (spec: collection §4).
func (d *decision) review(id domain.MessageID) {
	i := d.s.Find(id)
	m := d.s.Messages[i]
	root := m.Parent < 0
	if m.Result == Accepted || root && d.s.State != domain.InitialPromptReview {
		return
	}
	n, penalty := d.s.reviews(m)
	if n < d.ctx.Policy.NumReviews(root) {
		return
	}
	d.conclude(m, n, penalty)
}

// conclude emits what n ≥ 1 reviews make of the message, unless it is that
// already. The score 1 − penalty/n is compared as n − penalty > threshold·n:
// exactly.
func (d *decision) conclude(m *Message, n int, penalty decimal.Decimal) {
	count := decimal.Int(int64(n))
	kept := count.Sub(penalty)
	passes := kept.Cmp(d.ctx.Policy.Acceptance(m.Parent < 0).Mul(count)) > 0
	score := kept.Div(int64(n))
	switch {
	case passes && m.Result != Accepted:
		d.emit(MessageAccepted{Message: m.ID, Reviews: n, Score: score})
	case !passes && m.Result != Rejected:
		d.emit(MessageRejected{Message: m.ID, Reviews: n, Score: score})
	}
}

// reviewable reports whether the tree can still get reviews. Where it can't, a
// decision once taken is not left open.
func (d *decision) reviewable() bool {
	switch d.s.State {
	case domain.InitialPromptReview, domain.PromptLotteryWaiting, domain.Growing:
		return true
	}
	return false
}

// judgeAgain tests a decision whose reviews have changed. With too few left the
// message is open again while it can be reviewed; later, those left decide,
// and with none left the decision stands.
func (d *decision) judgeAgain(id domain.MessageID) {
	m := d.s.Message(id)
	n, penalty := d.s.reviews(m)
	switch {
	case n >= d.ctx.Policy.NumReviews(m.Parent < 0), n > 0 && m.Result != Undecided && !d.reviewable():
		d.conclude(m, n, penalty)
	case m.Result != Undecided && d.reviewable():
		d.emit(MessageReopened{Message: id, Reviews: n})
	}
}

// autoModerate applies spec collection §8 to an emoji that has just arrived.
func (d *decision) autoModerate(id domain.MessageID, emoji domain.Emoji) {
	p := d.ctx.Policy
	if !p.AutoModEnabled || d.s.State != domain.InitialPromptReview && d.s.State != domain.Growing {
		return
	}
	i := d.s.Find(id)
	m := d.s.Messages[i]
	n := m.CountEmoji(emoji)
	switch {
	case emoji == domain.EmojiRedFlag && n >= p.AutoModRedFlags && m.Parent < 0:
		d.move(domain.AbortedLowGrade, "the prompt has too many red flags", "auto_mod_red_flags")
	case emoji == domain.EmojiRedFlag && n >= p.AutoModRedFlags:
		d.hide(i, "it has too many red flags", "auto_mod_red_flags")
	case emoji == domain.EmojiSkipReply && n >= p.AutoModMaxSkipReply:
		d.move(domain.HaltedByModerator, "too many contributors skipped a message", "auto_mod_max_skip_reply")
	}
}

// CountEmoji counts the contributors whose emoji is on the message.
func (m *Message) CountEmoji(emoji domain.Emoji) int {
	n, bit := 0, emoji.Index()
	for _, r := range m.Reactions {
		n += int(r.Now >> bit & 1)
	}
	return n
}
