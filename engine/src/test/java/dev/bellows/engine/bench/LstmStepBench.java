package dev.bellows.engine.bench;

import dev.bellows.engine.golden.GraphTrainer;
import dev.bellows.engine.golden.PeerLstm;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.plan.PlanDescription;
import dev.bellows.engine.plan.PlanOptions;
import java.util.Arrays;
import java.util.List;

/**
 * Times whole training steps of the character LSTM with 32 rows, and checks what was timed: the
 * loss must fall. Arguments: seconds, kernels (auto, plain), products (float32, bfloat16), plan
 * (prints the plan).
 */
public final class LstmStepBench {
  private static final int ROWS = 32;
  private static final int BLOCK = 10;

  private LstmStepBench() {}

  /** Prints one Markdown table row: the median and the best of blocks of 10 steps. */
  public static void main(String[] args) {
    double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 5;
    KernelProvider provider =
        KernelProvider.choose(KernelProvider.Preference.of(args.length > 1 ? args[1] : "auto"));
    boolean rounded = args.length > 2 && args[2].equals("bfloat16");
    PlanOptions options = rounded ? PlanOptions.MIXED : PlanOptions.DEFAULT;
    Timing.print("kernels %s, JDK %s%n", provider.id(), System.getProperty("java.version"));
    PeerLstm net = new PeerLstm(ROWS);
    OptimizerSpec adam = OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 2e-3);
    try (GraphTrainer trainer = new GraphTrainer(net.graph, net.loss(), provider, options, adam)) {
      float[] start = net.start();
      System.arraycopy(start, 0, trainer.flat, 0, start.length);
      trainer.load();
      net.feed(trainer, 0);
      double first = trainer.run();
      int step = 0;
      for (long end = System.nanoTime() + (long) (seconds * 0.5e9); System.nanoTime() < end; ) {
        net.feed(trainer, step++);
        trainer.step();
      }
      if (args.length > 3) {
        List<PlanDescription.Call> calls = trainer.plan().described(100, System::nanoTime);
        calls.forEach(
            c ->
                Timing.print(
                    "%9.1f us  %s %s %s%n", c.nanos() / 1e3, c.kernel(), c.shape(), c.nodes()));
      }
      double[] blocks = new double[Math.max(3, (int) (2.0 * step / BLOCK))];
      for (int b = 0; b < blocks.length; b++) {
        long from = System.nanoTime();
        for (int i = 0; i < BLOCK; i++) {
          net.feed(trainer, step++);
          trainer.step();
        }
        blocks[b] = (System.nanoTime() - from) / (double) BLOCK;
      }
      Arrays.sort(blocks);
      net.feed(trainer, 0);
      double last = trainer.run();
      if (!(last < 0.5 * first)) {
        throw new IllegalStateException("loss did not fall: " + first + " to " + last);
      }
      double median = blocks[blocks.length / 2];
      Timing.print(
          "| LSTM %d rows | %.3f ms | %,.0f samples/s | best %,.0f | loss %.4f to %.4f |%n",
          ROWS, median / 1e6, ROWS * 1e9 / median, ROWS * 1e9 / blocks[0], first, last);
    }
  }
}
