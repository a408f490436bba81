// Package conversations is the view of trees, messages, reactions and revisions (design §7).
package conversations
