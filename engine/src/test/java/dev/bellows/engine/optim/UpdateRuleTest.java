package dev.bellows.engine.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.UpdateSpec.Range;
import dev.bellows.engine.sample.Philox;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class UpdateRuleTest {
  private static final double[] A = {1, 10, 0.1, 3};
  private static final double[] B = {0.5, -1, 2, 0};

  // Golden: five steps of torch 2.13.0 (float64, numpy 2.4.6) on f(w) = sum(a w^2 / 2 + b w), a =
  // (1, 10, .1, 3),
  // b = (.5, -1, 2, 0), w0 = (1, -2, .5, 3), lr .05 (Adadelta 1.0):
  //   o = torch.optim.SGD([w], lr=.05) | SGD(momentum=.9) | SGD(momentum=.9, nesterov=True) |
  // RMSprop(alpha=.9, eps=1e-8)
  //     | Adadelta(rho=.9, eps=1e-6) | Adam() | AdamW(weight_decay=.1) | Adagrad(eps=1e-10)
  //   for _ in range(5): o.zero_grad(); (0.5*(a*w*w).sum() + (b*w).sum()).backward(); o.step()
  @ParameterizedTest(name = "{0} follows torch")
  @CsvSource({
    "SGD,0,0.66067140625,0.034375,-0.007400561002,1.3311159375",
    "MOMENTUM,0,0.12573390625,1.19578,-0.831445318627,-1.0689140625",
    "NESTEROV,0,-0.026086542402,0.12338809375,-1.190220555961,-0.988670534409",
    "RMSPROP,0,0.50335191487,-1.49229683298,-0.029941204212,2.484477268521",
    "ADADELTA,0,0.983609887059,-1.983597607027,0.483570199629,2.983588433826",
    "ADAM,0,0.750889729397,-1.750599136806,0.250053664073,2.750401117271",
    "ADAMW,0.1,0.728724785344,-1.703718000897,0.240167753266,2.67876639804",
    "ADAGRAD,0,0.841670046367,-1.84071780865,0.338647072053,2.840015592603"
  })
  void golden_traces(Kind kind, double decay, double w0, double w1, double w2, double w3) {
    OptimizerSpec o =
        OptimizerSpec.of(kind, kind == Kind.ADADELTA ? 1 : 0.05).withWeightDecay(decay);
    double[] expected = {w0, w1, w2, w3};
    double[] exact = {1, -2, 0.5, 3};
    ReferenceUpdate reference = new ReferenceUpdate(o, 0, 0, 4);
    Run run = new Run(UpdateSpec.plain(o, 4), new float[] {1, -2, 0.5f, 3});
    for (int step = 0; step < 5; step++) {
      double[] g = new double[4];
      float[] f = new float[4];
      for (int i = 0; i < 4; i++) {
        g[i] = A[i] * exact[i] + B[i];
        f[i] = (float) (A[i] * run.w[i] + B[i]);
      }
      reference.step(exact, g, o.learningRate());
      run.step(f, o.learningRate());
    }
    for (int i = 0; i < 4; i++) {
      assertThat(exact[i]).isCloseTo(expected[i], within(1e-10));
      assertThat((double) run.w[i]).isCloseTo(expected[i], within(2e-6));
    }
  }

  // The catalogue's worked values on f = x^2, x0 = 1, eta = 0.1. The formulas in double meet them
  // to the digits given; the
  // float32 rule follows within its precision.
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "TRN-08,SGD,0.8,0.64,0.512,1e-12",
    "TRN-11,MOMENTUM,0.8,0.46,0.062,1e-12",
    "TRN-12,RMSPROP,0.683772,0.498871,0.369181,1e-6",
    "TRN-13,ADAM,0.9,0.800412,0.701586,1e-6"
  })
  void worked_values_of_the_catalogue(
      String id, Kind kind, double x1, double x2, double x3, double tolerance) {
    OptimizerSpec o = OptimizerSpec.of(kind, 0.1);
    double[] exact = {1};
    ReferenceUpdate reference = new ReferenceUpdate(o, 0, 0, 1);
    Run run = new Run(UpdateSpec.plain(o, 1), new float[] {1});
    for (double expected : new double[] {x1, x2, x3}) {
      reference.step(exact, new double[] {2 * exact[0]}, 0.1);
      run.step(new float[] {2 * run.w[0]}, 0.1);
      assertThat(exact[0]).as(id).isCloseTo(expected, within(tolerance));
      assertThat((double) run.w[0]).as(id).isCloseTo(expected, within(1e-6));
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  @DisplayName("the rule equals its formula in double, with penalties, decay and a changing rate")
  void follows_the_reference(Kind kind) {
    int n = 3000;
    OptimizerSpec o = OptimizerSpec.of(kind, 0.02).withWeightDecay(0.05);
    UpdateSpec spec =
        new UpdateSpec(
            o,
            ScheduleSpec.constant(),
            0.001,
            0.01,
            0,
            0,
            NanPolicy.STOP,
            List.of(Range.trainable(0, n, true)));
    float[] w = new float[n];
    Philox.fillNormal(1, 0, w, 0, n);
    double[] exact = new double[n];
    for (int i = 0; i < n; i++) {
      exact[i] = w[i];
    }
    Run run = new Run(spec, w);
    ReferenceUpdate reference = new ReferenceUpdate(o, 0.001, 0.01, n);
    for (int step = 0; step < 10; step++) {
      float[] g = new float[n];
      Philox.fillNormal(2, (long) step * n, g, 0, n);
      double[] mean = new double[n];
      for (int i = 0; i < n; i++) {
        mean[i] = g[i] / 32.0;
      }
      double rate = 0.02 / (1 + step);
      reference.step(exact, mean, rate);
      run.step(g, rate, 32);
    }
    for (int i = 0; i < n; i++) {
      assertThat((double) run.w[i]).isCloseTo(exact[i], within(3e-6 * (1 + Math.abs(exact[i]))));
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  @DisplayName(
      "1, 2 and 3 shards, cut anywhere at block borders and called in pieces, give equal bits")
  void range_splits_give_equal_bits(Kind kind) {
    int n = 9000;
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(kind, 0.02).withWeightDecay(0.01),
            ScheduleSpec.constant(),
            0.001,
            0.01,
            0,
            0.5,
            NanPolicy.STOP,
            List.of(
                Range.trainable(0, 5000, true),
                new Range(5000, 5003, UpdateSpec.Kind.TRAINABLE, false, 0.1f, 0),
                Range.state(5003, 5100, 0.9f),
                Range.trainable(5100, n, true)));
    float[] whole = train(spec, n, new int[] {0, n}, 1);
    assertThat(train(spec, n, new int[] {0, 4096, n}, 7)).isEqualTo(whole);
    assertThat(train(spec, n, new int[] {0, 1024, 6144, n}, 3)).isEqualTo(whole);
    assertThat(train(spec, n, new int[] {0, 0, 8192, n}, 11)).isEqualTo(whole);
  }

  private static float[] train(UpdateSpec spec, int n, int[] borders, int pieces) {
    UpdateRule rule = new UpdateRule(spec);
    int shards = borders.length - 1;
    float[] result = new float[n];
    Philox.fillNormal(3, 0, result, 0, n);
    float[][][] slots = new float[shards][rule.slots()][];
    for (int s = 0; s < shards; s++) {
      for (int k = 0; k < rule.slots(); k++) {
        slots[s][k] = new float[borders[s + 1] - borders[s]];
      }
    }
    for (int step = 0; step < 4; step++) {
      float[] gradient = new float[n];
      Philox.fillNormal(4, (long) step * n, gradient, 0, n);
      double[] blocks = new double[(n + UpdateRule.BLOCK - 1) / UpdateRule.BLOCK];
      for (int s = 0; s < shards; s++) {
        int length = borders[s + 1] - borders[s];
        float[] g = java.util.Arrays.copyOfRange(gradient, borders[s], borders[s + 1]);
        double[] part = rule.blockSquares(g, length, borders[s]);
        System.arraycopy(part, 0, blocks, borders[s] / UpdateRule.BLOCK, part.length);
      }
      float clip = rule.clipFactor(UpdateRule.norm(blocks), 17);
      for (int s = 0; s < shards; s++) {
        int length = borders[s + 1] - borders[s];
        float[] w = java.util.Arrays.copyOfRange(result, borders[s], borders[s + 1]);
        float[] g = java.util.Arrays.copyOfRange(gradient, borders[s], borders[s + 1]);
        for (int p = 0; p < pieces; p++) {
          int from = (int) ((long) length * p / pieces);
          int to = (int) ((long) length * (p + 1) / pieces);
          rule.apply(step + 1, 0.02, 17, clip, w, g, slots[s], from, to, borders[s]);
        }
        System.arraycopy(w, 0, result, borders[s], length);
      }
    }
    return result;
  }

  @Test
  @DisplayName("REG-01 the L2 penalty enters the gradient; ranges without decay are spared")
  void l2() {
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0.5,
            0,
            0,
            NanPolicy.STOP,
            List.of(Range.trainable(0, 1, true), Range.trainable(1, 2, false)));
    Run run = new Run(spec, new float[] {4, 4});
    run.step(new float[] {1, 1}, 0.1);
    assertThat(run.w).containsExactly(4 - 0.1f * (1 + 0.5f * 4), 4 - 0.1f);
  }

  @Test
  @DisplayName(
      "REG-02 the proximal step makes small weights exactly 0 and shrinks the others by eta lambda")
  void l1() {
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1),
            ScheduleSpec.constant(),
            0.5,
            0,
            0,
            0,
            NanPolicy.STOP,
            List.of(Range.trainable(0, 4, true)));
    Run run = new Run(spec, new float[] {0.03f, -0.04f, 1, -1});
    run.step(new float[4], 0.1);
    assertThat(run.w).containsExactly(0f, 0f, 0.95f, -0.95f);
  }

  @Test
  @DisplayName("REG-03 SGD: weight decay and L2 give the same trace; Adam: they differ")
  void weight_decay_and_l2() {
    assertThat(decayed(Kind.SGD, true, 1e-12))
        .isCloseTo(decayed(Kind.SGD, false, 1e-12), within(1e-6));
    assertThat(Math.abs(decayed(Kind.ADAM, true, 0) - decayed(Kind.ADAM, false, 0)))
        .isGreaterThan(0.01);
  }

  // Float result after ten steps; the same in double agrees between the forms to `tolerance` (0:
  // not compared).
  private static double decayed(Kind kind, boolean decoupled, double tolerance) {
    OptimizerSpec o = OptimizerSpec.of(kind, 0.05);
    OptimizerSpec with = o.withWeightDecay(0.3);
    UpdateSpec spec =
        new UpdateSpec(
            decoupled ? with : o,
            ScheduleSpec.constant(),
            0,
            decoupled ? 0 : 0.3,
            0,
            0,
            NanPolicy.STOP,
            List.of(Range.trainable(0, 1, true)));
    Run run = new Run(spec, new float[] {2});
    ReferenceUpdate a = new ReferenceUpdate(with, 0, 0, 1);
    ReferenceUpdate b = new ReferenceUpdate(o, 0, 0.3, 1);
    double[] wa = {2};
    double[] wb = {2};
    for (int step = 0; step < 10; step++) {
      run.step(new float[] {run.w[0] - 1}, 0.05);
      a.step(wa, new double[] {wa[0] - 1}, 0.05);
      b.step(wb, new double[] {wb[0] - 1}, 0.05);
    }
    if (tolerance > 0) {
      assertThat(wa[0]).isCloseTo(wb[0], within(tolerance));
    }
    return run.w[0];
  }

  @Test
  @DisplayName("TRN-22 norm 10 is clipped to 1 without turning; values are clamped one by one")
  void clipping() {
    UpdateSpec byNorm =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0,
            1,
            NanPolicy.STOP,
            List.of(Range.trainable(0, 2, true)));
    UpdateRule rule = new UpdateRule(byNorm);
    float[] g = {6 * 4, 8 * 4}; // sums over a weight of 4: the mean has norm 10
    double norm = UpdateRule.norm(rule.blockSquares(g, 2, 0));
    assertThat(norm).isEqualTo(40);
    float clip = rule.clipFactor(norm, 4);
    assertThat(clip).isEqualTo(0.1f);
    float[] w = {0, 0};
    rule.apply(1, 1, 4, clip, w, g, new float[0][], 0, 2, 0);
    assertThat(w[0]).isCloseTo(-0.6f, within(1e-6f));
    assertThat(w[1]).isCloseTo(-0.8f, within(1e-6f));
    assertThat(rule.clipFactor(3, 4)).isEqualTo(1f);

    UpdateSpec byValue =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0.5,
            0,
            NanPolicy.STOP,
            List.of(Range.trainable(0, 3, true)));
    Run run = new Run(byValue, new float[3]);
    run.step(new float[] {-6, 0.25f, 8}, 1);
    assertThat(run.w).containsExactly(0.5f, -0.25f, -0.5f);
  }

  @Test
  @DisplayName(
      "TRN-22 a linear recurrent net with an orthogonal matrix times 1.1: 117-fold growth in 50 steps, clipped stays finite")
  void exploding_gradient_is_clipped() {
    double c = 0.6;
    double s = 0.8;
    float[] g = {0.3f, -0.4f};
    for (int step = 0; step < 50; step++) {
      g =
          new float[] {
            (float) (1.1 * (c * g[0] - s * g[1])), (float) (1.1 * (s * g[0] + c * g[1]))
          };
    }
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0,
            1,
            NanPolicy.STOP,
            List.of(Range.trainable(0, 2, true)));
    UpdateRule rule = new UpdateRule(spec);
    double norm = UpdateRule.norm(rule.blockSquares(g, 2, 0));
    assertThat(norm / 0.5).isCloseTo(117.39, within(0.01));
    float[] w = new float[2];
    rule.apply(1, 1, 1, rule.clipFactor(norm, 1), w, g, new float[0][], 0, 2, 0);
    assertThat(Math.hypot(w[0], w[1])).isCloseTo(1, within(1e-6));
  }

  @Test
  void norm_blocks_skip_running_statistics_and_sum_in_a_fixed_order() {
    int n = 5000;
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0,
            1,
            NanPolicy.STOP,
            List.of(
                Range.trainable(0, 1500, true),
                Range.state(1500, 3000, 0.9f),
                Range.trainable(3000, n, true)));
    float[] g = new float[n];
    Philox.fillNormal(9, 0, g, 0, n);
    double expected = 0;
    for (int i = 0; i < n; i++) {
      expected += i >= 1500 && i < 3000 ? 0 : (double) g[i] * g[i];
    }
    UpdateRule rule = new UpdateRule(spec);
    double[] blocks = rule.blockSquares(g, n, 0);
    assertThat(blocks).hasSize(5);
    assertThat(UpdateRule.norm(blocks)).isCloseTo(Math.sqrt(expected), within(1e-9));
    assertThatThrownBy(() -> rule.blockSquares(g, 10, 5)).hasMessageContaining("multiple of 1024");
  }

  @Test
  void running_statistics_are_averaged_without_clip_rate_or_decay() {
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(Kind.ADAM, 1).withWeightDecay(0.5),
            ScheduleSpec.constant(),
            1,
            1,
            0,
            1e-3,
            NanPolicy.STOP,
            List.of(Range.state(0, 1, 0.75f)));
    UpdateRule rule = new UpdateRule(spec);
    float[] w = {8};
    rule.apply(1, 0.1, 4, 1e-3f, w, new float[] {16}, new float[2][1], 0, 1, 0);
    assertThat(w[0]).isEqualTo(0.75f * 8 + 0.25f * 4);
  }

  @Test
  @DisplayName("TRN-21 a range's rate factor scales its steps; 0 freezes it")
  void rate_factors() {
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0,
            0,
            NanPolicy.STOP,
            List.of(
                new Range(0, 1, UpdateSpec.Kind.TRAINABLE, true, 1, 0),
                new Range(1, 2, UpdateSpec.Kind.TRAINABLE, true, 0.5f, 0),
                new Range(2, 3, UpdateSpec.Kind.TRAINABLE, true, 0, 0)));
    Run run = new Run(spec, new float[3]);
    run.step(new float[] {1, 1, 1}, 0.5);
    assertThat(run.w).containsExactly(-0.5f, -0.25f, 0);
  }

  @Test
  void a_batch_without_weight_changes_nothing() {
    Run run =
        new Run(
            UpdateSpec.plain(OptimizerSpec.of(Kind.ADAM, 1).withWeightDecay(1), 1),
            new float[] {3});
    run.step(new float[] {0}, 0.1, 0);
    assertThat(run.w).containsExactly(3);
    assertThat(run.slots[0]).containsExactly(0);
  }

  @Test
  void a_single_nan_stays_in_its_element() {
    // The server refuses such a step; the rule itself must not spread it.
    SplittableRandom random = new SplittableRandom(1);
    Run run = new Run(UpdateSpec.plain(OptimizerSpec.of(Kind.ADAM, 0.1), 64), new float[64]);
    float[] g = new float[64];
    for (int i = 0; i < 64; i++) {
      g[i] = (float) random.nextDouble();
    }
    g[13] = Float.NaN;
    run.step(g, 0.1);
    for (int i = 0; i < 64; i++) {
      assertThat(Float.isNaN(run.w[i])).isEqualTo(i == 13);
    }
  }

  @Test
  void wrong_calls_are_named() {
    UpdateRule rule = new UpdateRule(UpdateSpec.plain(OptimizerSpec.of(Kind.ADAM, 1), 4));
    float[] a = new float[4];
    assertThatThrownBy(() -> rule.apply(0, 1, 1, 1, a, a, new float[2][4], 0, 4, 0))
        .hasMessageContaining("1 or more");
    assertThatThrownBy(() -> rule.apply(1, 1, 1, 1, a, a, new float[1][4], 0, 4, 0))
        .hasMessage("slots of ADAM: expected 2, found 1");
    assertThatThrownBy(() -> rule.apply(1, 1, 1, 1, a, a, new float[2][4], 0, 4, 4))
        .hasMessage("global element: expected 0..3, found 4");
    assertThatThrownBy(() -> OptimizerSpec.of(Kind.SGD, 0)).hasMessageContaining("learning_rate");
    assertThatThrownBy(() -> OptimizerSpec.of(Kind.SGD, 1).withMomentum(1))
        .hasMessageContaining("momentum");
  }

  /** Values and slots of one vector in one piece. */
  private static final class Run {
    final UpdateRule rule;
    final float[] w;
    final float[][] slots;
    private long t;

    Run(UpdateSpec spec, float[] w) {
      this.rule = new UpdateRule(spec);
      this.w = w;
      this.slots = new float[rule.slots()][w.length];
    }

    void step(float[] g, double rate) {
      step(g, rate, 1);
    }

    void step(float[] g, double rate, double weight) {
      rule.apply(++t, rate, weight, 1f, w, g.clone(), slots, 0, w.length, 0);
    }
  }

  @Test
  void movingAverageIsTheLastSlot() {
    OptimizerSpec sgd = OptimizerSpec.of(OptimizerSpec.Kind.SGD, 0.5);
    List<Range> ranges =
        List.of(
            Range.trainable(0, 2, true), Range.trainable(2, 3, true, 0), Range.state(3, 4, 0.5f));
    UpdateSpec spec =
        new UpdateSpec(sgd, ScheduleSpec.constant(), 0, 0, 0, 0, NanPolicy.STOP, ranges)
            .withEma(0.75);
    assertThat(UpdateSpec.decode(spec.encode())).isEqualTo(spec);
    UpdateRule rule = new UpdateRule(spec);
    assertThat(rule.slots()).isEqualTo(1);
    float[] w = {1, 2, 3, 4};
    float[][] slots = new float[1][4];
    double[] expected = new double[2];
    for (int t = 1; t <= 5; t++) {
      rule.apply(t, 0.5, 1, 1, w, new float[] {1, -t, 7, 8}, slots, 0, 4, 0);
      for (int i = 0; i < 2; i++) {
        expected[i] = t == 1 ? w[i] : 0.75 * expected[i] + 0.25 * w[i];
        assertThat((double) slots[0][i])
            .isCloseTo(expected[i], org.assertj.core.api.Assertions.within(1e-6));
      }
      assertThat(slots[0][2]).as("frozen").isEqualTo(3);
      assertThat(slots[0][3]).as("a statistic").isEqualTo(w[3]);
    }
  }
}
