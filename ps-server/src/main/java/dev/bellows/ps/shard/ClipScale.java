package dev.bellows.ps.shard;

import dev.bellows.engine.optim.UpdateRule;

/**
 * The factor that clips a gradient to a norm, from the shards' sums of squares. The blocks of all
 * shards in order are the blocks of the whole vector, hence the factor has the same bits for any
 * number of shards.
 */
public final class ClipScale {
  private ClipScale() {}

  /**
   * min(1, clipNorm / |g / weight|) (R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of
   * training recurrent neural networks", ICML 2013).
   *
   * @param clipNorm largest norm of the mean gradient; 0: no limit
   * @param weight total weight
   * @param squares sums of squares of consecutive blocks, one array per shard in shard order
   * @return the factor, in (0, 1]; NaN when the norm is not finite
   */
  public static float of(double clipNorm, double weight, double[][] squares) {
    if (!(clipNorm > 0) || !(weight > 0)) {
      return 1f;
    }
    int n = 0;
    for (double[] shard : squares) {
      n += shard.length;
    }
    double[] all = new double[n];
    int at = 0;
    for (double[] shard : squares) {
      System.arraycopy(shard, 0, all, at, shard.length);
      at += shard.length;
    }
    double mean = UpdateRule.norm(all) / weight;
    if (!Double.isFinite(mean)) {
      return Float.NaN;
    }
    // a factor that underflows would freeze the run for this step without saying so
    return mean > clipNorm ? Math.max(Float.MIN_NORMAL, (float) (clipNorm / mean)) : 1f;
  }
}
