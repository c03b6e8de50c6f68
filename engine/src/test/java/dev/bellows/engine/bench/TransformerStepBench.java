package dev.bellows.engine.bench;

import dev.bellows.engine.golden.GraphTrainer;
import dev.bellows.engine.golden.PeerTransformer;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.plan.PlanOptions;
import java.util.Arrays;

/**
 * Times whole training steps (forward, backward, AdamW) of the transformer of {@code
 * golden_curves.py}, 32 sequences a step, and checks that the loss fell. Arguments: seconds per
 * figure, figures, products (float32, bfloat16).
 */
public final class TransformerStepBench {
  private static final int ROWS = 32;

  private TransformerStepBench() {}

  /** Prints the median over the figures and their range. */
  public static void main(String[] args) {
    double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 2;
    int figures = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    boolean mixed = args.length > 2 && args[2].equals("bfloat16");
    KernelProvider provider = KernelProvider.choose(KernelProvider.Preference.AUTO);
    PeerTransformer net = new PeerTransformer(ROWS);
    OptimizerSpec optimizer = OptimizerSpec.of(OptimizerSpec.Kind.ADAMW, 1e-3);
    PlanOptions options = mixed ? PlanOptions.MIXED : PlanOptions.DEFAULT;
    try (GraphTrainer trainer =
        new GraphTrainer(net.graph, net.loss(), provider, options, optimizer)) {
      float[] start = net.start();
      System.arraycopy(start, 0, trainer.flat, 0, start.length);
      trainer.load();
      int[] steps = {0};
      double[] last = {0};
      Runnable step =
          () -> {
            net.feed(trainer, steps[0]++);
            last[0] = trainer.step();
          };
      step.run();
      double first = last[0];
      double[] rates = new double[figures];
      for (int i = 0; i < figures; i++) {
        rates[i] = ROWS * 1e9 / Timing.median(step, seconds);
      }
      if (!(last[0] < 0.9 * first)) {
        throw new IllegalStateException("loss did not fall: " + first + " to " + last[0]);
      }
      Arrays.sort(rates);
      Timing.print(
          "transformer %s %.1f samples/s [%.1f .. %.1f], loss %.3f to %.3f, kernels %s, JDK %s%n",
          mixed ? "bfloat16" : "float32",
          rates[figures / 2],
          rates[0],
          rates[figures - 1],
          first,
          last[0],
          provider.id(),
          System.getProperty("java.version"));
    }
  }
}
