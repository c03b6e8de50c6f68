package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * What to look at before a long training (S. Ivanov, "37 reasons why your neural network is not
 * working", 2017): the input's scale, the loss before the first step, gradients that are zero, and
 * whether one batch can be learnt by heart.
 */
public final class SanityChecks {
  private static final double LARGE = 100;
  private static final double LEARNT = 0.01;
  private static final double RATE = 0.003;

  private final NetworkSpec spec;
  private final SliceTrainer trainer;
  private final ParameterLayout layout;
  private final float[] parameters;
  private final float[] gradient;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * One check and what it found.
   *
   * @param check {@code input}, {@code first loss}, {@code gradients} or {@code one batch}
   * @param passed whether it is as it should be
   * @param message what was found, and what to do when it is not
   */
  public record Finding(String check, boolean passed, String message) {}

  private SanityChecks(NetworkSpec spec, SliceTrainer trainer, long seed) {
    this.spec = spec;
    this.trainer = trainer;
    this.layout = trainer.layout();
    this.parameters = Initializers.init(layout, seed);
    this.gradient = new float[layout.length()];
  }

  /**
   * Runs every check on one batch.
   *
   * @param rows of the batch; 16 to 64 do
   * @param fill fills the buffers and sets their rows
   * @param steps of Adam for learning the batch by heart; 300 do for most networks
   */
  public static List<Finding> run(
      NetworkSpec spec,
      int rows,
      Consumer<BatchBuffers> fill,
      KernelProvider kernels,
      long seed,
      int steps) {
    try (SliceTrainer trainer = new SliceTrainer(spec, rows, kernels, seed)) {
      SanityChecks checks = new SanityChecks(spec, trainer, seed);
      fill.accept(trainer.batch());
      checks.input();
      double first = checks.firstLoss();
      checks.gradients();
      checks.oneBatch(first, steps);
      return List.copyOf(checks.findings);
    }
  }

  private void add(String check, boolean passed, String form, Object... values) {
    findings.add(new Finding(check, passed, String.format(Locale.ROOT, form, values)));
  }

  private void input() {
    BatchBuffers batch = trainer.batch();
    int width = batch.numericWidth();
    double largest = 0;
    int constant = 0;
    for (int column = 0; column < width; column++) {
      boolean same = true;
      float first = Memory.getFloat(batch.numeric() + 4L * column);
      for (int row = 0; row < batch.rows(); row++) {
        float value = Memory.getFloat(batch.numeric() + 4L * ((long) row * width + column));
        same &= value == first;
        largest = Math.max(largest, Float.isNaN(value) ? Double.MAX_VALUE : Math.abs(value));
      }
      constant += same ? 1 : 0;
    }
    if (width == 0) {
      return;
    }
    add(
        "input",
        largest <= LARGE && constant < width,
        "largest number %.4g, %d of %d columns the same in every row%s",
        largest,
        constant,
        width,
        largest > LARGE
            ? ": scale the features"
            : constant == width ? ": nothing to learn from" : "");
  }

  private double firstLoss() {
    trainer.setParameters(parameters);
    StepResult result = trainer.run(0, 0);
    double loss = result.lossSum() / result.weightSum();
    LossKind kind = spec.loss().kind();
    double expected =
        kind == LossKind.SOFTMAX_CROSS_ENTROPY
            ? Math.log(spec.outputs())
            : kind == LossKind.SIGMOID_CROSS_ENTROPY ? Math.log(2) : Double.NaN;
    if (!Double.isNaN(expected) && spec.heads().isEmpty()) {
      boolean near = Math.abs(loss - expected) <= expected / 2;
      add(
          "first loss",
          near,
          "%.4f before the first step, expected about %.4f (no knowledge)%s",
          loss,
          expected,
          near ? "" : ": look at the scale of the inputs and the initialiser of the last layer");
    }
    return loss;
  }

  private void gradients() {
    trainer.gradient(gradient);
    List<String> still = new ArrayList<>();
    for (Segment s : layout.segments()) {
      if (s.kind() == Segment.Kind.TRAINABLE && s.rateScale() > 0) {
        double largest = 0;
        for (int i = s.offset(); i < s.end(); i++) {
          largest = Math.max(largest, Math.abs(gradient[i]));
        }
        if (!(largest > 0)) {
          still.add(s.name());
        }
      }
    }
    add(
        "gradients",
        still.isEmpty(),
        still.isEmpty()
            ? "every parameter has one"
            : "none for %s: dead units, a saturated activation or a layer that nobody reads",
        still);
  }

  private void oneBatch(double first, int steps) {
    OptimizerSpec adam = OptimizerSpec.of(OptimizerSpec.Kind.ADAM, RATE);
    List<UpdateSpec.Range> ranges = new ArrayList<>();
    for (Segment s : layout.segments()) {
      ranges.add(
          s.kind() == Segment.Kind.STATE
              ? UpdateSpec.Range.state(s.offset(), s.end(), s.stateMomentum())
              : UpdateSpec.Range.trainable(s.offset(), s.end(), false, s.rateScale()));
    }
    UpdateRule rule =
        new UpdateRule(
            new UpdateSpec(adam, ScheduleSpec.constant(), 0, 0, 0, 0, NanPolicy.STOP, ranges));
    float[][] slots = new float[rule.slots()][layout.length()];
    double loss = first;
    int step = 0;
    while (step < steps && trainer.finite() && loss >= LEARNT) {
      trainer.gradient(gradient);
      double weight = trainer.scalars()[StepResult.WEIGHT_SUM];
      rule.apply(++step, RATE, weight, 1, parameters, gradient, slots, 0, layout.length(), 0);
      trainer.setParameters(parameters);
      StepResult result = trainer.run(step, 0);
      loss = result.lossSum() / result.weightSum();
    }
    boolean learnt = loss < LEARNT;
    add(
        "one batch",
        learnt,
        "loss %.4f after %d steps on the same rows%s",
        loss,
        step,
        learnt
            ? ""
            : ": rows that contradict each other, a network too small, dropout too strong or a"
                + " wrong loss");
  }
}
