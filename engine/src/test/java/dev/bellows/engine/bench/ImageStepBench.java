package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times whole training steps (forward, backward, update) of LeNet-5, batch 64, SGD, and ResNet-20,
 * batch 32, SGD with momentum and weight decay, one thread, and checks that the loss falls and that
 * two trainers agree bit by bit. Arguments: seconds per figure, networks (lenet5,resnet20), kernels
 * (auto, plain), products (float32, bfloat16), plan (prints the plan).
 */
public final class ImageStepBench {
  private static final int BATCHES = 16;
  private static final int REPEATS = 5;

  private ImageStepBench() {}

  /** Prints one Markdown table row per network. */
  public static void main(String[] args) {
    double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 2;
    String networks = args.length > 1 ? args[1] : "lenet5,resnet20";
    KernelProvider provider =
        KernelProvider.choose(KernelProvider.Preference.of(args.length > 2 ? args[2] : "auto"));
    boolean rounded = args.length > 3 && args[3].equals("bfloat16");
    PlanOptions options = rounded ? PlanOptions.MIXED : PlanOptions.DEFAULT;
    boolean plan = args.length > 4;
    Timing.print("kernels %s, JDK %s%n", provider.id(), System.getProperty("java.version"));
    for (String network : networks.split(",", -1)) {
      boolean small = network.equals("lenet5");
      NetworkSpec spec = small ? ImageNetworks.lenet5() : ImageNetworks.resnet20();
      OptimizerSpec optimizer =
          small
              ? OptimizerSpec.of(OptimizerSpec.Kind.SGD, 0.05)
              : OptimizerSpec.of(OptimizerSpec.Kind.MOMENTUM, 0.1)
                  .withMomentum(0.9)
                  .withWeightDecay(1e-4);
      new Run(network, spec, optimizer, small ? 64 : 32, provider, options).time(seconds, plan);
    }
  }

  private static final class Run {
    private final String name;
    private final NetworkSpec spec;
    private final int rows;
    private final KernelProvider provider;
    private final PlanOptions options;
    private final UpdateRule rule;
    private final double rate;
    private final float[] weights;
    private final float[] gradient;
    private final float[][] slots;
    private final float[][] images = new float[BATCHES][];
    private final int[][] labels = new int[BATCHES][];
    private final SliceTrainer trainer;
    private long updates;

    Run(
        String name,
        NetworkSpec spec,
        OptimizerSpec optimizer,
        int rows,
        KernelProvider provider,
        PlanOptions options) {
      this.name = name;
      this.spec = spec;
      this.rows = rows;
      this.provider = provider;
      this.options = options;
      this.trainer = new SliceTrainer(spec, rows, provider, 7, options);
      this.weights = Initializers.init(trainer.layout(), 1);
      this.gradient = new float[weights.length];
      List<UpdateSpec.Range> ranges = new ArrayList<>();
      for (Segment s : trainer.layout().segments()) {
        boolean state = s.kind() == Segment.Kind.STATE;
        ranges.add(
            state
                ? UpdateSpec.Range.state(s.offset(), s.end(), s.stateMomentum())
                : UpdateSpec.Range.trainable(s.offset(), s.end(), true));
      }
      this.rule =
          new UpdateRule(
              new UpdateSpec(
                  optimizer, ScheduleSpec.constant(), 0, 0, 0, 0, NanPolicy.STOP, ranges));
      this.rate = optimizer.learningRate();
      this.slots = new float[rule.slots()][weights.length];
      data();
    }

    /** Labels that a linear function of the pixels gives. */
    private void data() {
      int width = trainer.batch().numericWidth();
      float[] direction = new float[10 * width];
      Philox.fillNormal(5, 0, direction, 0, direction.length);
      for (int b = 0; b < BATCHES; b++) {
        images[b] = new float[rows * width];
        labels[b] = new int[rows];
        Philox.fillNormal(100 + b, 0, images[b], 0, images[b].length);
        for (int r = 0; r < rows; r++) {
          double best = Double.NEGATIVE_INFINITY;
          for (int k = 0; k < 10; k++) {
            double score = 0;
            for (int i = 0; i < width; i++) {
              score += images[b][r * width + i] * direction[k * width + i];
            }
            if (score > best) {
              best = score;
              labels[b][r] = k;
            }
          }
        }
      }
    }

    private void fill(BatchBuffers batch, int index) {
      float[] pixels = images[index % BATCHES];
      Memory.copyIn(pixels, 0, batch.numeric(), pixels.length);
      Memory.copyIn(labels[index % BATCHES], 0, batch.labels(), rows);
      batch.setRows(rows);
    }

    private double step() {
      fill(trainer.batch(), (int) updates);
      trainer.setParameters(weights);
      double loss = trainer.run(updates, 0).lossSum() / rows;
      trainer.gradient(gradient);
      rule.apply(++updates, rate, rows, 1, weights, gradient, slots, 0, weights.length, 0);
      return loss;
    }

    void time(double seconds, boolean plan) {
      check();
      double first = 0;
      for (int i = 0; i < 4; i++) {
        first += step() / 4;
      }
      if (plan) {
        Timing.print("%s", trainer.profile(30, System::nanoTime).toText());
      }
      double[] rates = new double[REPEATS];
      long end = System.nanoTime() + (long) (seconds * 0.5e9);
      while (System.nanoTime() < end) {
        step();
      }
      for (int i = 0; i < REPEATS; i++) {
        long start = System.nanoTime();
        int steps = 0;
        while (System.nanoTime() < start + seconds * 1e9) {
          step();
          steps++;
        }
        rates[i] = steps * (double) rows / (System.nanoTime() - start) * 1e9;
      }
      double last = 0;
      for (int i = 0; i < BATCHES; i++) {
        last += step() / BATCHES;
      }
      Arrays.sort(rates);
      double rate = rates[REPEATS / 2];
      double flops = trainer.describe().flops() / (double) rows;
      Timing.print(
          "| %s | %d rows | %.3f ms | %,.1f samples/s [%,.1f .. %,.1f] | %.1f GFLOP/s | loss %.3f to"
              + " %.3f |%n",
          name,
          rows,
          rows * 1e3 / rate,
          rate,
          rates[0],
          rates[REPEATS - 1],
          rate * flops / 1e9,
          first,
          last);
      if (!(last < first)) {
        throw new IllegalStateException("the loss did not fall: " + first + " to " + last);
      }
      trainer.close();
    }

    /** Two trainers must give the same bits. */
    private void check() {
      float[] again = new float[weights.length];
      try (SliceTrainer other = new SliceTrainer(spec, rows, provider, 7, options)) {
        fill(trainer.batch(), 0);
        fill(other.batch(), 0);
        trainer.setParameters(weights);
        other.setParameters(weights);
        trainer.run(0, 0);
        other.run(0, 0);
        trainer.gradient(gradient);
        other.gradient(again);
        if (!Arrays.equals(gradient, again)) {
          throw new IllegalStateException("two trainers disagree");
        }
      }
    }
  }
}
