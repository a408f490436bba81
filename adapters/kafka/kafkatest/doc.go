// Package kafkatest gives tests a running Kafka: real brokers, one or three, in
// processes of their own. Only tests import it.
//
// The first use on a machine fetches Kafka with Maven and prepares a cache of
// it (install); every later one starts brokers out of that in a second or two.
// A cluster lives in a temporary directory, on loopback ports of its own. It
// ends with its test; and should the test process be killed, the system kills
// the brokers with it (StartChild), and the next cluster sweeps up what they left.
//
// Most tests share one broker:
//
//	func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }
//
//	func TestSomething(t *testing.T) {
//		c := kafkatest.Shared(t)
//		topic := kafkatest.Topic(t)
//		…
//	}
//
// Tests that stop brokers Start clusters of their own.
package kafkatest
