package dev.bellows.ps.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.ps.client.PsOperations.Range;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.ShardMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Operations over one, two and three shards give the same bits. */
class PsOperationsTest {
  private static final int LENGTH = 200_000;
  private static final int SLICES = 4;

  /** What a control saw and left. */
  private record Outcome(
      float[] values,
      long clipped,
      double norm,
      List<PsOperations.Element> top,
      PsOperations.Split split) {}

  private static float[] initial() {
    float[] values = new float[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      values[i] = (float) (Mix64.unit(Mix64.mix(i)) * 2 - 1);
    }
    values[150_000] = values[10]; // equal magnitudes: the smaller index goes first
    return values;
  }

  /** [features, bins, 2] of a slice; feature 5 separates. */
  private static long[] cells(int slice) {
    long[] cells = new long[7 * 4 * 2];
    for (int i = 0; i < cells.length; i += 2) {
      int feature = i / 8;
      int bin = i % 8 / 2;
      cells[i] = feature == 5 ? (bin < 2 ? -100 : 100) : (slice + bin) % 3 - 1;
      cells[i + 1] = 10;
    }
    return cells;
  }

  private static Outcome run(int shards) {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control =
            PsControl.open(
                ClientOptions.of(
                        "run",
                        1,
                        ShardMap.of(LENGTH, shards),
                        Collections.nCopies(shards, ShardAddress.LOCAL))
                    .deadlines(Duration.ofSeconds(20), Duration.ofSeconds(5)),
                connector)) {
      UpdateSpec spec =
          new UpdateSpec(
              OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.01),
              ScheduleSpec.constant(),
              0,
              0,
              0,
              0,
              NanPolicy.STOP,
              List.of(UpdateSpec.Range.trainable(0, LENGTH, false)));
      control.create(new RunPlan(spec.encode(), SLICES, 10, 10, 10, 0));
      control.put(0, initial());
      control.seal(0);
      PsOperations operations = control.operations();
      Range all = new Range(0, 0, 0, LENGTH);
      operations.scale(1, all, 3);
      operations.scale(1, all, 3); // the same once more
      long clipped = operations.clip(2, new Range(0, 0, 1000, 170_001), -2, 2);
      double norm = operations.norm(all);
      List<PsOperations.Element> top = operations.topK(new Range(0, 0, 5, 180_000), 9);
      operations.addNoise(3, new Range(0, 0, 70_000, 140_000), 0.25, 77);
      for (int slice = 0; slice < SLICES; slice++) {
        operations.addHistogram(8, slice, 4, cells(slice));
        operations.addHistogram(8, slice, 4, cells(slice));
      }
      PsOperations.Split split = operations.bestSplit(8, 7, true, 1, 1);
      assertThatThrownBy(() -> operations.bestSplit(8, 7, true, 1, 1))
          .isInstanceOf(PsException.class)
          .hasMessageContaining("0 of 4 slices");
      float[] values = new float[LENGTH];
      control.snapshot(0);
      control.read(0, 0, values);
      return new Outcome(values, clipped, norm, top, split);
    }
  }

  @Test
  void theSameBitsForAnyNumberOfShards() {
    Outcome one = run(1);
    float[] start = initial();
    double squares = 0;
    long beyond = 0;
    List<PsOperations.Element> all = new ArrayList<>();
    for (int i = 0; i < LENGTH; i++) {
      float v = start[i] * 3;
      if (i >= 1000 && i < 170_001) {
        beyond += Math.abs(v) > 2 ? 1 : 0;
        v = Math.min(Math.max(v, -2), 2);
      }
      squares += (double) v * v;
      if (i >= 5 && i < 180_000) {
        all.add(new PsOperations.Element(i, v));
      }
      if (i < 70_000 || i >= 140_000) {
        assertThat(one.values()[i]).isEqualTo(v);
      }
    }
    all.sort(
        (a, b) -> {
          int order = Float.compare(Math.abs(b.value()), Math.abs(a.value()));
          return order == 0 ? Integer.compare(a.index(), b.index()) : order;
        });
    assertThat(one.clipped()).isEqualTo(beyond);
    assertThat(one.norm()).isCloseTo(Math.sqrt(squares), within(1e-9));
    assertThat(one.top()).isEqualTo(all.subList(0, 9));
    assertThat(one.split().feature()).isEqualTo(5);
    assertThat(one.split().bin()).isEqualTo(1);
    assertThat(one.split().leftGradient()).isEqualTo(-800);
    for (int shards : new int[] {2, 3}) {
      assertThat(run(shards)).as("%d shards", shards).usingRecursiveComparison().isEqualTo(one);
    }
  }

  @Test
  void noiseHasItsDeviationAndNoMean() {
    float[] noisy = run(2).values();
    float[] start = initial();
    double sum = 0;
    double squares = 0;
    for (int i = 70_000; i < 140_000; i++) {
      double difference = noisy[i] - Math.min(Math.max(start[i] * 3, -2), 2);
      sum += difference;
      squares += difference * difference;
    }
    assertThat(sum / 70_000).isCloseTo(0, within(5 * 0.25 / Math.sqrt(70_000)));
    assertThat(Math.sqrt(squares / 70_000)).isCloseTo(0.25, within(0.005));
  }
}
