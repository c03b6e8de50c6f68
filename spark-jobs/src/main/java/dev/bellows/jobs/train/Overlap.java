package dev.bellows.jobs.train;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.DistributedConfig;

/**
 * Whether parts of a step are on their way while others are computed (wait-free backpropagation: H.
 * Zhang et al., "Poseidon", USENIX ATC 2017; parts by priority: Y. Peng et al., "A generic
 * communication scheduler for distributed DNN training acceleration", SOSP 2019).
 *
 * @param on whether they are
 * @param why for people; "" when nobody asks
 */
record Overlap(boolean on, String why) {
  /**
   * Decides.
   *
   * @param vector what the shards hold
   * @param local whether tasks and driver are one process
   */
  static Overlap of(DistributedConfig distributed, SharedVector vector, boolean local) {
    if (distributed.overlap() == DistributedConfig.Overlap.FALSE) {
      return new Overlap(false, "no overlap: distributed.overlap is false");
    }
    if (vector.local() || !distributed.consistency().isBsp()) {
      return new Overlap(false, ""); // said by the mode itself
    }
    if (distributed.compressed()) {
      return new Overlap(false, "no overlap: whole units are coded");
    }
    if (!vector.tables().isEmpty()) {
      if (distributed.overlap() == DistributedConfig.Overlap.TRUE) {
        throw new BellowsException(
            ExitCode.CONFIG,
            "distributed.overlap: true and sparse tables exclude each other: rows go before the"
                + " vector; remove overlap or sparse: true");
      }
      return new Overlap(false, "no overlap: rows of sparse tables go first");
    }
    boolean inProcess =
        local
            && distributed.transport() != DistributedConfig.Transport.NETWORK
            && distributed.placement() != DistributedConfig.Placement.STANDALONE;
    if (inProcess && distributed.overlap() == DistributedConfig.Overlap.AUTO) {
      return new Overlap(false, ""); // tasks' own threads do what there is to hide
    }
    UpdateSpec rule = vector.rule();
    return new Overlap(
        true,
        rule.needsNorm()
            ? "overlap of pushes: gradient_clip.norm needs the whole step"
            : rule.nanPolicy() == NanPolicy.SKIP
                ? "overlap of pushes: on_nan: skip needs the whole step"
                : "overlap");
  }
}
