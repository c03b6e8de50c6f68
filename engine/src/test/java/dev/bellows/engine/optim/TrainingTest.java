package dev.bellows.engine.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.RealData;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.sample.BatchSchedule;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.engine.sample.RowOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The update rules at work on the catalogue's small data sets. */
class TrainingTest {
  private record Rows(float[][] x, int[] y) {
    Rows take(int[] order, int from, int to) {
      float[][] px = new float[to - from][];
      int[] py = new int[to - from];
      for (int i = from; i < to; i++) {
        px[i - from] = x[order[i]];
        py[i - from] = y[order[i]];
      }
      return new Rows(px, py);
    }
  }

  private record Outcome(TinyNet net, double finalLoss, double accuracy, boolean finite) {}

  private static Rows digits() {
    List<String[]> csv = RealData.csv("digits8x8/digits8x8.csv.gz");
    float[][] x = new float[csv.size()][64];
    int[] y = new int[csv.size()];
    for (int r = 0; r < y.length; r++) {
      for (int c = 0; c < 64; c++) {
        x[r][c] = Float.parseFloat(csv.get(r)[c]) / 16f;
      }
      y[r] = Integer.parseInt(csv.get(r)[64]);
    }
    return new Rows(x, y);
  }

  private static int[] split(int n) {
    return IntStream.range(0, n)
        .boxed()
        .sorted(Comparator.comparing(r -> Mix64.mix(42, Purpose.HOLDOUT, r)))
        .mapToInt(r -> r)
        .toArray();
  }

  private static Outcome train(Rows all, UpdateSpec spec, int epochs, int batch, int... widths) {
    int[] order = split(all.y.length);
    int held = all.y.length / 5;
    Rows test = all.take(order, 0, held);
    Rows train = all.take(order, held, all.y.length);
    TinyNet net = new TinyNet(1, widths);
    UpdateRule rule = new UpdateRule(spec);
    float[][] slots = new float[rule.slots()][net.w.length];
    BatchSchedule schedule = BatchSchedule.of(train.y.length, batch, 1);
    long steps = schedule.stepsPerEpoch();
    long t = 0;
    double epochLoss = 0;
    boolean finite = true;
    for (int epoch = 0; epoch < epochs && finite; epoch++) {
      int[] rows = RowOrder.permutation(7, epoch, 0, train.y.length);
      epochLoss = 0;
      for (long step = 0; step < steps && finite; step++) {
        double[] g = new double[net.w.length];
        int from = schedule.from(step, 0);
        int count = schedule.count(step, 0);
        for (int i = from; i < from + count; i++) {
          epochLoss += net.gradient(train.x[rows[i]], train.y[rows[i]], g);
        }
        float[] f = new float[g.length];
        for (int i = 0; i < g.length; i++) {
          f[i] = (float) g[i];
          finite &= Float.isFinite(f[i]);
        }
        double rate = spec.rate(t, steps, steps * epochs);
        if (finite) {
          rule.apply(++t, rate, count, 1f, net.w, f, slots, 0, net.w.length, 0);
        }
      }
    }
    int right = 0;
    for (int r = 0; r < test.y.length; r++) {
      net.forward(test.x[r], test.y[r]);
      right += net.predicted() == test.y[r] ? 1 : 0;
    }
    return new Outcome(net, epochLoss / train.y.length, (double) right / test.y.length, finite);
  }

  private static UpdateSpec spec(OptimizerSpec optimizer, ScheduleSpec schedule, int... widths) {
    int length = new TinyNet(1, widths).w.length;
    return new UpdateSpec(
        optimizer,
        schedule,
        0,
        0,
        0,
        0,
        NanPolicy.STOP,
        List.of(UpdateSpec.Range.trainable(0, length, true)));
  }

  @ParameterizedTest(name = "{0} {1} on the digits: at least {3}")
  @CsvSource({
    "TRN-10,SGD,0.1,0.95",
    "TRN-11,MOMENTUM,0.05,0.96",
    "TRN-12,RMSPROP,0.001,0.955",
    "TRN-13,ADAM,0.001,0.96",
    "TRN-14,ADADELTA,1.0,0.95"
  })
  void digits_64_64_10_batch_32_30_epochs(String id, Kind kind, double rate, double least) {
    OptimizerSpec o = OptimizerSpec.of(kind, rate);
    if (kind == Kind.RMSPROP) {
      o = o.withRho(0.99);
    }
    Outcome outcome =
        train(digits(), spec(o, ScheduleSpec.constant(), 64, 64, 10), 30, 32, 64, 64, 10);
    assertThat(outcome.accuracy()).as(id).isGreaterThanOrEqualTo(least);
  }

  @Test
  @DisplayName(
      "TRN-11 momentum ends with a lower loss than plain gradient descent at the same rate")
  void momentum_beats_plain_descent() {
    Rows rows = digits();
    Outcome plain =
        train(
            rows,
            spec(OptimizerSpec.of(Kind.SGD, 0.05), ScheduleSpec.constant(), 64, 64, 10),
            10,
            32,
            64,
            64,
            10);
    Outcome momentum =
        train(
            rows,
            spec(OptimizerSpec.of(Kind.MOMENTUM, 0.05), ScheduleSpec.constant(), 64, 64, 10),
            10,
            32,
            64,
            64,
            10);
    assertThat(momentum.finalLoss()).isLessThan(plain.finalLoss());
  }

  @Test
  @DisplayName(
      "TRN-15 rates from 1e-4 to 1000: the final loss is U-shaped and the top end is reported as not finite, not as a number")
  void rate_sweep() {
    Rows rows = digits();
    List<Double> losses = new ArrayList<>();
    for (double rate : new double[] {1e-4, 1e-2, 0.3}) {
      losses.add(
          train(
                  rows,
                  spec(OptimizerSpec.of(Kind.SGD, rate), ScheduleSpec.constant(), 64, 64, 10),
                  5,
                  32,
                  64,
                  64,
                  10)
              .finalLoss());
    }
    assertThat(losses.get(1)).isLessThan(losses.get(0));
    assertThat(losses.get(2)).isLessThan(losses.get(1));
    Outcome large =
        train(
            rows,
            spec(OptimizerSpec.of(Kind.SGD, 10), ScheduleSpec.constant(), 64, 64, 10),
            5,
            32,
            64,
            64,
            10);
    assertThat(!large.finite() || large.finalLoss() > losses.get(2)).isTrue();
    // An L2 pull of rate * lambda > 2 is divergence by construction; the values overflow and the
    // step is flagged.
    UpdateSpec diverging =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1000),
            ScheduleSpec.constant(),
            0,
            1,
            0,
            0,
            NanPolicy.STOP,
            List.of(UpdateSpec.Range.trainable(0, 64 * 64 + 64 + 64 * 10 + 10, true)));
    assertThat(train(rows, diverging, 5, 32, 64, 64, 10).finite()).isFalse();
  }

  /*
   * On the digits the catalogue's bound (cosine's final training loss at most the constant rate's) does not hold: the classes
   * are separable, so the loss falls with the sum of the rates and the cosine has half of it (SGD 0.1, 20 epochs: 0.157 against
   * 0.100; Adam 0.01: 0.0175 against 0.0060; held-out accuracy within 0.6 % of each other, either way round). What the schedule
   * is for, getting below the noise floor of a constant rate, shows where gradients stay noisy:
   */
  @Test
  @DisplayName(
      "TRN-19 cosine: with noisy gradients of a quadratic the final loss is below the constant rate's at equal steps")
  void cosine_gets_below_the_noise_floor() {
    assertThat(noisyQuadratic(ScheduleSpec.cosine(0)))
        .isLessThan(0.2 * noisyQuadratic(ScheduleSpec.constant()));
  }

  private static double noisyQuadratic(ScheduleSpec schedule) {
    int n = 512;
    int steps = 400;
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 0.2),
            schedule,
            0,
            0,
            0,
            0,
            NanPolicy.STOP,
            List.of(UpdateSpec.Range.trainable(0, n, true)));
    UpdateRule rule = new UpdateRule(spec);
    float[] w = new float[n];
    java.util.Arrays.fill(w, 3);
    for (int step = 0; step < steps; step++) {
      float[] g = new float[n];
      Philox.fillNormal(12, (long) step * n, g, 0, n);
      for (int i = 0; i < n; i++) {
        g[i] += w[i];
      }
      rule.apply(step + 1, spec.rate(step, 1, steps), 1, 1f, w, g, new float[0][], 0, n, 0);
    }
    double loss = 0;
    for (float v : w) {
      loss += v * v / 2 / n;
    }
    return loss;
  }

  private static Rows breastCancer() {
    List<String[]> csv = RealData.csv("wdbc/wdbc.csv");
    int n = csv.size();
    double[][] raw = new double[n][30];
    int[] y = new int[n];
    for (int r = 0; r < n; r++) {
      y[r] = csv.get(r)[1].contains("B") ? 1 : 0;
      for (int c = 0; c < 30; c++) {
        raw[r][c] = Double.parseDouble(csv.get(r)[c + 2]);
      }
    }
    return new Rows(standardised(raw, 1), y);
  }

  private static float[][] standardised(double[][] raw, double scale) {
    int n = raw.length;
    float[][] x = new float[n][raw[0].length];
    for (int c = 0; c < raw[0].length; c++) {
      double mean = 0;
      for (double[] row : raw) {
        mean += row[c] / n;
      }
      double variance = 0;
      for (double[] row : raw) {
        variance += (row[c] - mean) * (row[c] - mean) / n;
      }
      for (int r = 0; r < n; r++) {
        x[r][c] = (float) ((raw[r][c] - mean) / Math.sqrt(variance) * scale);
      }
    }
    return x;
  }

  @Test
  @DisplayName(
      "TRN-09 one sample at a time: train log loss at most 0.09 after 20 epochs; the steps' losses vary more than a batch of 50's")
  void stochastic_descent_on_breast_cancer() {
    Rows rows = breastCancer();
    double[] single = stepLosses(rows, 1);
    double[] batch = stepLosses(rows, 50);
    assertThat(single[0]).isLessThanOrEqualTo(0.09);
    assertThat(single[1]).isGreaterThan(batch[1]);
  }

  // Final mean log loss and the variance of the steps' losses in the last epoch.
  private static double[] stepLosses(Rows rows, int batch) {
    TinyNet net = new TinyNet(1, 30, 2);
    UpdateRule rule =
        new UpdateRule(UpdateSpec.plain(OptimizerSpec.of(Kind.SGD, 0.01), net.w.length));
    BatchSchedule schedule = BatchSchedule.of(rows.y.length, batch, 1);
    double sum = 0;
    double squares = 0;
    for (int epoch = 0; epoch < 20; epoch++) {
      int[] order = RowOrder.permutation(3, epoch, 0, rows.y.length);
      sum = 0;
      squares = 0;
      for (long step = 0; step < schedule.stepsPerEpoch(); step++) {
        double[] g = new double[net.w.length];
        double loss = 0;
        int count = schedule.count(step, 0);
        for (int i = 0; i < count; i++) {
          int row = order[schedule.from(step, 0) + i];
          loss += net.gradient(rows.x[row], rows.y[row], g) / count;
        }
        sum += loss;
        squares += loss * loss;
        float[] f = new float[g.length];
        for (int i = 0; i < g.length; i++) {
          f[i] = (float) g[i];
        }
        rule.apply(1, 0.01, count, 1f, net.w, f, new float[0][], 0, net.w.length, 0);
      }
    }
    double total = 0;
    for (int r = 0; r < rows.y.length; r++) {
      total += net.forward(rows.x[r], rows.y[r]);
    }
    long n = schedule.stepsPerEpoch();
    return new double[] {total / rows.y.length, squares / n - sum / n * (sum / n)};
  }

  @Test
  @DisplayName(
      "TRN-33 early stopping on breast cancer: stops before the last epoch and restores the minimum of the history")
  void early_stopping_restores_the_best() {
    Rows all = breastCancer();
    int[] order = split(all.y.length);
    Rows validation = all.take(order, 0, 113);
    Rows train = all.take(order, 113, all.y.length);
    TinyNet net = new TinyNet(5, 30, 64, 64, 2);
    UpdateRule rule =
        new UpdateRule(UpdateSpec.plain(OptimizerSpec.of(Kind.ADAM, 0.003), net.w.length));
    float[][] slots = new float[2][net.w.length];
    EarlyStopping stopping = EarlyStopping.start(false, 5, 0);
    List<Double> history = new ArrayList<>();
    float[] best = net.w.clone();
    BatchSchedule schedule = BatchSchedule.of(train.y.length, 32, 1);
    long t = 0;
    int epochs = 0;
    for (; epochs < 60 && !stopping.stop(); epochs++) {
      int[] rows = RowOrder.permutation(3, epochs, 0, train.y.length);
      for (long step = 0; step < schedule.stepsPerEpoch(); step++) {
        double[] g = new double[net.w.length];
        int count = schedule.count(step, 0);
        for (int i = 0; i < count; i++) {
          int row = rows[schedule.from(step, 0) + i];
          net.gradient(train.x[row], train.y[row], g);
        }
        float[] f = new float[g.length];
        for (int i = 0; i < g.length; i++) {
          f[i] = (float) g[i];
        }
        rule.apply(++t, 0.003, count, 1f, net.w, f, slots, 0, net.w.length, 0);
      }
      double loss = loss(net, validation);
      history.add(loss);
      if (stopping.improves(loss)) {
        best = net.w.clone();
      }
      stopping = stopping.observe(epochs, loss);
    }
    assertThat(epochs).isLessThan(60);
    System.arraycopy(best, 0, net.w, 0, best.length);
    double least = history.stream().mapToDouble(v -> v).min().getAsDouble();
    assertThat(loss(net, validation)).isEqualTo(least).isEqualTo(stopping.best());
    assertThat(history.get((int) stopping.bestEpoch())).isEqualTo(least);
  }

  private static double loss(TinyNet net, Rows rows) {
    double total = 0;
    for (int r = 0; r < rows.y.length; r++) {
      total += net.forward(rows.x[r], rows.y[r]);
    }
    return total / rows.y.length;
  }
}
