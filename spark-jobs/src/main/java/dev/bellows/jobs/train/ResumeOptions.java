package dev.bellows.jobs.train;

import java.util.List;

/**
 * How {@code resume} continues a run.
 *
 * @param allowChange configuration keys that may differ from the run's (such as {@code
 *     trainer.epochs}); {@code kernels}, {@code version} and {@code data} allow another machine,
 *     release or data ({@code data.validation} or {@code data.test} held-out rows only)
 * @param takeover whether a living process that holds the run folder is fenced off
 * @param sets assignments {@code key=value} over the run's configuration
 */
public record ResumeOptions(List<String> allowChange, boolean takeover, List<String> sets) {
  public ResumeOptions {
    allowChange = List.copyOf(allowChange);
    sets = List.copyOf(sets);
  }

  /** With the run's own configuration. */
  public ResumeOptions(List<String> allowChange, boolean takeover) {
    this(allowChange, takeover, List.of());
  }
}
