package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What trainers take outside the heap, they give back; and they don't disturb each other. */
@ExtendWith(NativeKernels.class)
class NativeMemoryTest {
  private static final int CYCLES = 1000;
  private final KernelProvider provider = KernelProvider.choose(KernelProvider.Preference.CPU);

  private float[] cycle(TrainerFixture fixture, long step, PlanOptions options) {
    try (SliceTrainer trainer =
        new SliceTrainer(fixture.spec, fixture.rows, provider, 3, options)) {
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      trainer.run(step, 1);
      float[] gradient = new float[fixture.parameters.length];
      trainer.gradient(gradient);
      return gradient;
    }
  }

  @Test
  void aThousandBuildTrainCloseCyclesLeaveNothing() {
    TrainerFixture fixture = new TrainerFixture(Networks.all().get("everything"), 5);
    for (int i = 0; i < 50; i++) {
      cycle(fixture, i, PlanOptions.DEFAULT); // what libraries keep for good
    }
    long counted = Memory.allocatedBytes();
    long pointers = Pointer.totalCount();
    long resident = Pointer.physicalBytes();
    for (int i = 0; i < CYCLES; i++) {
      cycle(fixture, i, i % 2 == 0 ? PlanOptions.DEFAULT : PlanOptions.MIXED);
    }
    assertThat(Memory.allocatedBytes()).as("bytes of arenas").isEqualTo(counted);
    assertThat(Pointer.totalCount()).as("JavaCPP objects with memory").isEqualTo(pointers);
    // A cycle takes more than 100 KB: a leak of one in ten would be 10 MB; the heap may grow by
    // some.
    assertThat(Pointer.physicalBytes() - resident).as("resident bytes").isLessThan(200L << 20);
  }

  @Test
  void trainersOfTwoThreadsDoNotDisturbEachOther() throws Exception {
    TrainerFixture fixture = new TrainerFixture(Networks.all().get("everything"), 17);
    float[][] alone = new float[40][];
    for (int i = 0; i < alone.length; i++) {
      alone[i] = cycle(fixture, i, PlanOptions.DEFAULT);
    }
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      CountDownLatch start = new CountDownLatch(2);
      List<Future<float[][]>> both = new ArrayList<>();
      for (int t = 0; t < 2; t++) {
        both.add(
            threads.submit(
                () -> {
                  start.countDown();
                  start.await();
                  float[][] gradients = new float[alone.length][];
                  for (int i = 0; i < gradients.length; i++) {
                    gradients[i] = cycle(fixture, i, PlanOptions.DEFAULT);
                  }
                  return gradients;
                }));
      }
      for (Future<float[][]> one : both) {
        assertThat(one.get()).isDeepEqualTo(alone);
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
