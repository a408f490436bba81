package kafkatest

import (
	"os/exec"
	"runtime"
	"sync"
)

// process is a child that is dead when gone is closed.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{}
}

// spawn starts a child that dies with this process.
func spawn(cmd *exec.Cmd) (*process, error) {
	if err := StartChild(cmd); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, gone: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its output
		close(p.gone)
	}()
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// StartChild starts a command that dies with this process, as far as the system
// knows how.
func StartChild(cmd *exec.Cmd) error {
	bind(cmd)
	started := make(chan error)
	starting() <- func() { started <- cmd.Start() }
	return <-started
}

// starting runs in one thread that lives as long as this process: Linux kills a
// bound child when the thread that started it ends.
var starting = sync.OnceValue(func() chan<- func() {
	calls := make(chan func())
	go func() {
		runtime.LockOSThread()
		for call := range calls {
			call()
		}
	}()
	return calls
})
