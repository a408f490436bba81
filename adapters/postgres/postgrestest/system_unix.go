//go:build unix && !linux

package postgrestest

import "syscall"

// attributes let a process run as somebody else. Only Linux can end it with
// this one: elsewhere a killed test leaves its server behind.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as}
}
