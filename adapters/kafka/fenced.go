//go:build !dendro_unfenced

package kafka

// fenced is switched off by the build tag dendro_unfenced alone, and there to
// prove that the tests would notice: without the fence they must fail.
const fenced = true
