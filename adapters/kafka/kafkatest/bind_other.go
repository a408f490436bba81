//go:build !linux

package kafkatest

import "os/exec"

// bind can do nothing here: a killed test leaves its brokers running.
func bind(*exec.Cmd) {}
