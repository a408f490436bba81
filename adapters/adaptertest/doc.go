// Package adaptertest holds what every adapter of an interface must pass, and
// doubles that fail on purpose. Only tests import it.
//
// A log's test calls LogSuite with a function that makes an empty log:
//
//	func TestLog(t *testing.T) {
//		adaptertest.LogSuite(t, func(t *testing.T, partitions int) adaptertest.Harness { … })
//	}
//
// A read store's test calls StoreSuite with one that makes an empty store. The
// rows of each view have a file of their own there, store_….go.
package adaptertest
