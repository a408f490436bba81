package kafkatest

import (
	"context"
	"os/exec"
	"path/filepath"
)

// Tool is a run of one of Kafka's own tools, which is named by its class. What
// it has to say for itself stands in its output, too.
func (c *Cluster) Tool(ctx context.Context, class string, args ...string) *exec.Cmd {
	i := c.nodes[0].install
	jvm := []string{
		"-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", // it won't run for long
		"-XX:SharedArchiveFile=" + filepath.Join(i.dir, archiveName), "-Xlog:cds=off", "-Xlog:cds+dynamic=off",
		"-Dlog4j2.configurationFile=" + filepath.Join(i.env, "log4j2.properties"), "-cp", i.classpath, class,
	}
	return exec.CommandContext(ctx, "java", append(jvm, args...)...)
}
