package dev.bellows.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.plan.PlanOptions;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole step, the update included, of each model that is timed leaves nothing on the heap. */
class StepAllocationTest {
  private static final int STEPS = 20;
  private static final int WINDOWS = 5;

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "lenet5", "resnet20", "lstm", "transformer"})
  void aWholeStepAllocatesNothing(String name) {
    KernelProvider provider = KernelProvider.choose(KernelProvider.Preference.AUTO);
    PeerModel model = PeerModel.named(name);
    try (StepRunner runner = new StepRunner(model, 8, 4, provider, PlanOptions.DEFAULT)) {
      for (int i = 0; i < STEPS; i++) {
        runner.step();
      }
      long fewest = Long.MAX_VALUE;
      for (int window = 0; window < WINDOWS; window++) {
        fewest = Math.min(fewest, allocated(runner));
      }
      // the JVM may make objects of its own in one window; those of a step would be in each
      assertThat(fewest).as(name + ": bytes of " + STEPS + " steps").isZero();
    }
  }

  /** Bytes that this thread allocates in {@link #STEPS} steps. */
  private static long allocated(StepRunner runner) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long start = threads.getThreadAllocatedBytes(thread);
    long idle = threads.getThreadAllocatedBytes(thread) - start; // what asking costs
    start = threads.getThreadAllocatedBytes(thread);
    for (int i = 0; i < STEPS; i++) {
      runner.step();
    }
    return threads.getThreadAllocatedBytes(thread) - start - idle;
  }
}
