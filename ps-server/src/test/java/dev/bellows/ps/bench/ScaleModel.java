package dev.bellows.ps.bench;

import dev.bellows.ps.client.ExchangeModel;
import dev.bellows.ps.client.ExchangeModel.Exchange;
import java.util.Locale;

/**
 * Expected time and efficiency of a synchronous step on 2 to 4,096 executors, one task each with
 * the same work whatever their number (weak scaling), from the measured costs of {@link
 * ExchangeModel}. Nothing of computing and exchange overlaps here. Prints the tables of {@code
 * docs/scaling.md}.
 */
public final class ScaleModel {
  private static final double GIGABIT = 1e9 / 8;
  private static final int[] LINKS = {10, 25, 100};
  private static final int MOST_EXECUTORS = 4096;

  private ScaleModel() {}

  /** Prints the tables; no arguments. */
  public static void main(String[] args) {
    table("25 million parameters, 100 ms of computing a step", 25_000_000, 0.1, 4);
    table("25 million parameters as bfloat16 on the wire", 25_000_000, 0.1, 2);
    table("235,146 parameters, 5 ms of computing a step", 235_146, 0.005, 4);
  }

  private static void table(String title, long parameters, double computing, double elementBytes) {
    System.out.println("\n" + title + "\n");
    System.out.println(
        "| executors | 10 Gbit/s: ms a step, efficiency, waits for | 25 Gbit/s | 100 Gbit/s |"
            + " shards at 100 Gbit/s |");
    System.out.println("|---|---|---|---|---|");
    for (int n = 2; n <= MOST_EXECUTORS; n *= 2) {
      StringBuilder row = new StringBuilder("| ").append(n);
      int shards = n;
      for (int link : LINKS) {
        shards = bestShards(n, parameters, elementBytes, link * GIGABIT);
        Exchange e =
            ExchangeModel.MEASURED.network(n, shards, parameters, elementBytes, link * GIGABIT);
        row.append(
            String.format(
                Locale.ROOT,
                " | %.1f, %.2f, %s",
                1e3 * (computing + e.seconds()),
                computing / (computing + e.seconds()),
                e.bound().name().toLowerCase(Locale.ROOT)));
      }
      System.out.println(row + " | " + shards + " |");
    }
  }

  /** The number of shards, a power of two and at most one per executor, with the least time. */
  static int bestShards(int executors, long parameters, double elementBytes, double linkBytes) {
    int best = 1;
    double least = Double.MAX_VALUE;
    for (int shards = 1; shards <= executors; shards *= 2) {
      double seconds =
          ExchangeModel.MEASURED
              .network(executors, shards, parameters, elementBytes, linkBytes)
              .seconds();
      if (seconds < least) {
        least = seconds;
        best = shards;
      }
    }
    return best;
  }
}
