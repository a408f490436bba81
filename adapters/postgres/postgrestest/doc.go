// Package postgrestest starts a real Postgres for tests: the server that is
// installed, as an unprivileged user, with its data and its socket in a
// temporary directory. It ends with the test process, whatever ends that.
//
// A package whose tests need one runs them with Main:
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
//
// and each test takes a Database of its own from the server that they share
// (Shared), or has a server of its own when it is going to do harm to it (New):
// to Kill it, to fill its disk (NewOnSmallDisk), to let a Standby take over. A
// Proxy does harm to the connections of one client.
package postgrestest
