package reactions

import (
	"fmt"

	"github.com/ThreeDotsLabs/watermill/components/metrics"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"
)

// meters are Watermill's own metrics, under dendro_reactions_, and beside them
// what of poison an operator must see.
type meters struct {
	builder metrics.PrometheusMetricsBuilder
	tries   message.HandlerMiddleware // times each try
	poison  *prometheus.GaugeVec
	held    *prometheus.GaugeVec
}

func newMeters(r prometheus.Registerer) (*meters, error) {
	m := &meters{
		builder: metrics.NewPrometheusMetricsBuilder(r, "dendro", "reactions"),
		poison: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dendro_reactions_poisoned", Help: "Messages kept aside because they failed, by handler.",
		}, []string{"handler"}),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dendro_reactions_held", Help: "1 when a handler stands still because no more poisoned messages can be kept.",
		}, []string{"handler"}),
	}
	m.builder.HandlerBuckets = prometheus.ExponentialBuckets(0.0005, 2.5, 13)
	for _, c := range []prometheus.Collector{m.poison, m.held} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("metrics of reactions: %w", err)
		}
	}
	m.tries = m.builder.NewRouterMiddleware().Middleware
	return m, nil
}

func (m *meters) poisoned(handler string, n int) { m.poison.WithLabelValues(handler).Set(float64(n)) }

func (m *meters) hold(handler string, held bool) {
	value := 0.0
	if held {
		value = 1
	}
	m.held.WithLabelValues(handler).Set(value)
}
