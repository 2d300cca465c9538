// Read for its YAML only (`go mod download`); nothing is compiled, so `go mod tidy` would empty it.
module toprope.dev/dev/go/crds

go 1.26.0

require sigs.k8s.io/gateway-api v1.6.3
