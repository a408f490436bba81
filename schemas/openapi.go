package schemas

import (
	_ "embed" // the document below
	"slices"
)

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI gives the contract of the HTTP API: an OpenAPI 3.0 document in YAML.
func OpenAPI() []byte { return slices.Clone(openAPI) }
