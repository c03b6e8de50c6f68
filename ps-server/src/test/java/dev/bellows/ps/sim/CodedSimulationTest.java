package dev.bellows.ps.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.codec.Compression.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Coded runs on the faulty network: after every step parameters, views and residuals of all units
 * are the truth's, bit by bit; lost servers and lost residuals send the run back to the segment's
 * start.
 */
class CodedSimulationTest {
  private static final List<Kind> KINDS =
      List.of(Kind.FP32, Kind.BF16, Kind.INT8, Kind.TOPK, Kind.THRESHOLD);
  private static final int[] LENGTHS = {5, 700, 1024, 1500, 3100};

  @Test
  void fault_13_droppedDoubledDelayedAndDamagedCodesAreAppliedOnce() {
    Seeds.forEach(
        "CodedSimulationTest#fault_13*",
        500,
        seed -> run(seed, new Faults(0.08, 0.1, 0.03, 60, 0.01, 0, false, 0), false));
  }

  @Test
  void fault_04_lostServersAndTasksGoBackToTheSegmentsStart() {
    long[] totals = new long[3];
    Seeds.forEach(
        "CodedSimulationTest#fault_04*",
        500,
        seed -> {
          Simulation run =
              run(seed, new Faults(0.03, 0.05, 0.01, 5, 0.01, 5, seed % 2 == 0, 2), seed % 3 == 0);
          totals[0] += run.driver.rollBacks - 1;
          totals[1] += run.driver.segments().saves;
          totals[2] += run.driver.segments().losses;
        });
    if (Long.getLong("bellows.seed") == null) {
      assertThat(totals[0]).as("roll-backs").isGreaterThan(300);
      assertThat(totals[1]).as("segments").isGreaterThan(1000);
      assertThat(totals[2]).as("tasks without their residuals").isGreaterThan(50);
    }
  }

  private static Simulation run(long seed, Faults faults, boolean skips) {
    SimRandom random = new SimRandom(seed);
    int slices = random.between(1, 9);
    int units = Integer.highestOneBit(random.between(1, slices));
    Kind kind = random.pick(KINDS);
    Compression compression =
        kind.sparse() ? new Compression(kind, units, 0.02, 0.1) : Compression.of(kind, units);
    int length = LENGTHS[random.below(LENGTHS.length)];
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(random.pick(List.of(OptimizerSpec.Kind.values())), 0.01),
            ScheduleSpec.constant(),
            0,
            1e-4,
            0,
            random.chance(0.3) ? 0.3 : 0,
            skips ? NanPolicy.SKIP : NanPolicy.STOP,
            List.of(UpdateSpec.Range.trainable(0, length, true)));
    Workload work =
        new Workload(
            random.nextLong(),
            length,
            slices,
            spec,
            random.between(3, 9),
            step -> skips && step % 3 == 1,
            skips ? random.below(slices) : -1,
            compression);
    Simulation run =
        new Simulation(random, work, random.between(1, 3), random.between(1, 4), faults);
    run.run();
    run.checkResult();
    return run;
  }
}
