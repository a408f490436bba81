// Package adaptertest holds what every adapter of an interface must pass, and
// doubles that fail on purpose. Only tests import it.
//
// A log's test calls LogSuite with a function that makes an empty log:
//
//	func TestLog(t *testing.T) {
//		adaptertest.LogSuite(t, func(t *testing.T, partitions int) adaptertest.Harness { … })
//	}
package adaptertest
