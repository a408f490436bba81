//go:build unix && !linux

package bolt

import "os"

// extend makes the file as long as size.
func extend(f *os.File, _, size int64) error { return f.Truncate(size) }

// syncData makes what was written to the file durable, and its length.
func syncData(f *os.File) error { return f.Sync() }

// forget would drop what the system remembers of the file; there is no
// portable way to.
func forget(*os.File) error { return nil }
