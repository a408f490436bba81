//go:build dendro_unfenced

package kafka

// fenced is off: every owner writes under a producer id of its own, and nobody's
// append is refused because another owner came.
const fenced = false
