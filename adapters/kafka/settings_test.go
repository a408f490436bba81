package kafka

import (
	"context"
	"errors"
	"testing"

	"dendro/adapters/kafka/kafkatest"
)

// A broker may know of a topic that others know to be deleted. Whoever opens
// it then is soon told that it is gone, rather than waiting for it.
func TestDeletedWhileOpened(t *testing.T) {
	c := kafkatest.Shared(t)
	l := topicOfTest(t, c).l
	l.opt.Create = nil
	c.DeleteTopic(t, l.opt.Topic)
	ctx, cancel := context.WithTimeout(t.Context(), openPatience)
	defer cancel()
	if err := l.checkTopics(ctx); !errors.Is(err, errNoTopic) {
		t.Errorf("its settings: %v, want %v", err, errNoTopic)
	}
	if err := l.checkStarts(ctx); !errors.Is(err, errNoTopic) {
		t.Errorf("where it begins: %v, want %v", err, errNoTopic)
	}
}
