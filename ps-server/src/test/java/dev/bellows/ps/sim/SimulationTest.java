package dev.bellows.ps.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.client.DivergedException;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The parameter server under loss, delay, duplication, reordering, bit flips, replaced tasks,
 * zombies, paused and lost servers and drivers that start again: 10,100 runs in a build. The number
 * of seeds of each test can be changed with {@code -Dbellows.seeds=10000}.
 */
class SimulationTest {
  private static final int[] LENGTHS = {5, 700, 1024, 1500, 2500, 3100};

  @Test
  void fault_13_droppedFramesAreSentAgainAndAppliedOnce() {
    Seeds.forEach(
        "SimulationTest#fault_13*",
        1500,
        seed -> {
          Simulation run = simulate(seed, new Faults(0.1, 0, 0, 2, 0, 0, false, 0));
          run.checkResult();
        });
  }

  @Test
  void fault_14_duplicatedFramesAreAcknowledgedNotApplied() {
    Seeds.forEach(
        "SimulationTest#fault_14*",
        1000,
        seed -> {
          Simulation run = simulate(seed, new Faults(0, 0.4, 0, 3, 0, 0, false, 0));
          run.checkResult();
          assertThat(run.network.doubled).isPositive();
        });
  }

  @Test
  void fault_15_reorderedAndDelayedFramesGiveTheSameBytes() {
    Seeds.forEach(
        "SimulationTest#fault_15*",
        1000,
        seed -> simulate(seed, new Faults(0.02, 0.05, 0, 2000, 0, 0, false, 0)).checkResult());
  }

  @Test
  void fault_16_flippedBitsCloseTheConnectionAndAreNeverApplied() {
    Seeds.forEach(
        "SimulationTest#fault_16*",
        1000,
        seed -> simulate(seed, new Faults(0, 0, 0.08, 2, 0.02, 0, false, 0)).checkResult());
  }

  @Test
  void fault_01_replacedTasksRedoOnlyMissingSlices() {
    Seeds.forEach(
        "SimulationTest#fault_01*",
        1200,
        seed -> simulate(seed, new Faults(0.03, 0.05, 0.01, 5, 0.01, 4, false, 0)).checkResult());
  }

  @Test
  void fault_30_pausedTasksWakeUpAsZombiesAndLearnThatTheyAreStale() {
    long[] pauses = new long[1];
    Seeds.forEach(
        "SimulationTest#fault_30*",
        1200,
        seed -> {
          Simulation run = simulate(seed, new Faults(0.02, 0.05, 0.01, 10, 0.01, 4, true, 0));
          run.checkResult();
          pauses[0] += run.pauses;
        });
    assertThat(pauses[0]).as("pauses of servers").isPositive();
  }

  @Test
  void fault_04_lostServersAreRestoredFromTheSnapshot() {
    Seeds.forEach(
        "SimulationTest#fault_04*",
        1200,
        seed ->
            simulate(seed, new Faults(0.03, 0.05, 0.01, 5, 0.01, 2, seed % 2 == 0, 3))
                .checkResult());
  }

  @Test
  void fault_03_lostServersLeaveTheirReplicasInTheirPlace() {
    long[] totals = new long[4];
    Seeds.forEach(
        "SimulationTest#fault_03*",
        1200,
        seed -> {
          SimRandom random = new SimRandom(seed);
          Faults faults =
              seed % 4 == 0
                  ? new Faults(0, 0, 0, 1, 0, 0, false, 1)
                  : new Faults(0.03, 0.05, 0.01, 5, 0.01, 2, seed % 2 == 0, 3);
          Simulation run =
              new Simulation(
                  random,
                  workload(
                      random,
                      random.between(1, 9),
                      seed % 3 == 0 ? NanPolicy.SKIP : NanPolicy.STOP,
                      step -> seed % 3 == 0 && step % 3 == 1,
                      0),
                  random.between(1, 3),
                  random.between(1, 4),
                  faults,
                  true);
          run.run();
          run.checkResult();
          totals[0] += run.driver.promotions;
          totals[1] += run.driver.replications;
          totals[2] += run.driver.rollBacks - 1;
          totals[3] += run.replicaChecks;
        });
    if (Long.getLong("bellows.seed") == null) {
      assertThat(totals[0]).as("promotions").isGreaterThan(100);
      assertThat(totals[1]).as("replicas made").isGreaterThan(1000);
      assertThat(totals[2]).as("roll-backs, both copies lost").isGreaterThan(10);
      assertThat(totals[3]).as("replicas compared").isGreaterThan(10_000);
    }
  }

  @Test
  void fault_54_nonFiniteGradientStopsTheRunWithStepAndSlice() {
    Seeds.forEach(
        "SimulationTest#fault_54*",
        400,
        seed -> {
          SimRandom random = new SimRandom(seed);
          int slices = random.between(1, 9);
          long bad = random.between(0, 2);
          Workload work =
              workload(random, slices, NanPolicy.STOP, step -> step == bad, random.below(slices));
          Simulation run =
              new Simulation(
                  random,
                  work,
                  random.between(1, 3),
                  random.between(1, 4),
                  new Faults(0.05, 0.05, 0.02, 3, 0.01, 0, false, 0));
          run.run();
          for (SimTask task : run.everybody()) {
            assertThat(task.end).isInstanceOf(DivergedException.class);
            assertThat(((DivergedException) task.end).step()).isEqualTo(bad);
            assertThat(((DivergedException) task.end).slice()).isEqualTo(work.badSlice);
          }
        });
  }

  @Test
  void fault_54_skipPolicyLeavesTheStepOutOnAllShards() {
    Seeds.forEach(
        "SimulationTest#fault_54_skip*",
        400,
        seed -> {
          SimRandom random = new SimRandom(seed);
          int slices = random.between(1, 9);
          Workload work =
              workload(random, slices, NanPolicy.SKIP, step -> step % 3 == 1, random.below(slices));
          Simulation run =
              new Simulation(
                  random,
                  work,
                  random.between(1, 3),
                  random.between(1, 4),
                  new Faults(0.05, 0.05, 0.02, 3, 0.01, 2, seed % 2 == 0, 1));
          run.run();
          run.checkResult();
        });
  }

  private static Simulation simulate(long seed, Faults faults) {
    SimRandom random = new SimRandom(seed);
    Workload work = workload(random, random.between(1, 9), NanPolicy.STOP, step -> false, -1);
    Simulation run =
        new Simulation(random, work, random.between(1, 3), random.between(1, 4), faults);
    run.run();
    return run;
  }

  private static Workload workload(
      SimRandom random,
      int slices,
      NanPolicy policy,
      java.util.function.LongPredicate bad,
      int badSlice) {
    int length = random.chance(0.01) ? 66_000 : LENGTHS[random.below(LENGTHS.length)];
    OptimizerSpec.Kind[] kinds = OptimizerSpec.Kind.values();
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(kinds[random.below(kinds.length)], 0.01),
            ScheduleSpec.constant(),
            0,
            1e-4,
            0,
            random.chance(0.4) ? 0.3 : 0,
            policy,
            length < 10
                ? List.of(UpdateSpec.Range.trainable(0, length, true))
                : List.of(
                    UpdateSpec.Range.trainable(0, length / 3, true),
                    UpdateSpec.Range.state(length / 3, length / 3 + 4, 0.9f),
                    UpdateSpec.Range.trainable(length / 3 + 4, length, false)));
    return new Workload(
        random.nextLong(), length, slices, spec, random.between(3, 9), bad, badSlice);
  }
}
