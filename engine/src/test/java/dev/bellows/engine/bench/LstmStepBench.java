package dev.bellows.engine.bench;

import dev.bellows.engine.golden.GraphTrainer;
import dev.bellows.engine.golden.PeerLstm;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.plan.PlanOptions;
import java.util.Arrays;

/**
 * Times whole training steps of the character LSTM with 32 rows, and checks what was timed: the
 * loss must fall. Arguments: seconds, kernels (auto, plain).
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
    Timing.print("kernels %s, JDK %s%n", provider.id(), System.getProperty("java.version"));
    PeerLstm net = new PeerLstm(ROWS);
    OptimizerSpec adam = OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 2e-3);
    try (GraphTrainer trainer =
        new GraphTrainer(net.graph, net.loss(), provider, PlanOptions.DEFAULT, adam)) {
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
