package schemas

import (
	_ "embed" // the document below
	"slices"
)

//go:embed asyncapi.yaml
var asyncAPI []byte

// AsyncAPI gives the contract of the log's topic on Kafka: an AsyncAPI 3.0
// document in YAML, which refers to the files in events/.
func AsyncAPI() []byte { return slices.Clone(asyncAPI) }
