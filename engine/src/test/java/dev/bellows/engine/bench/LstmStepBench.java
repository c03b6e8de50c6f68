package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.KernelProvider;

/**
 * Times whole training steps of {@link CharLstm} with 32 rows, and checks what was timed: the loss
 * must fall. Arguments: seconds, kernels (auto, plain).
 */
public final class LstmStepBench {
  private static final int ROWS = 32;
  private static final int BATCHES = 16;

  private LstmStepBench() {}

  /** Prints one Markdown table row. */
  public static void main(String[] args) {
    double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 5;
    KernelProvider provider =
        KernelProvider.choose(KernelProvider.Preference.of(args.length > 1 ? args[1] : "auto"));
    Timing.print("kernels %s, JDK %s%n", provider.id(), System.getProperty("java.version"));
    try (CharLstm model = new CharLstm(provider, ROWS)) {
      if (args.length > 2) {
        model.described().forEach(c -> Timing.print("%s%n", c));
      }
      model.fill(0);
      double first = model.step();
      int[] batch = {0};
      double nanos =
          Timing.median(
              () -> {
                model.fill(batch[0]++ % BATCHES);
                model.step();
              },
              seconds);
      model.fill(0);
      double last = model.step();
      if (!(last < 0.5 * first)) {
        throw new IllegalStateException("loss did not fall: " + first + " to " + last);
      }
      Timing.print(
          "| LSTM %d rows | %.3f ms | %,.1f samples/s | loss %.4f to %.4f |%n",
          ROWS, nanos / 1e6, ROWS * 1e9 / nanos, first, last);
    }
  }
}
