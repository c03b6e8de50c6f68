package dev.bellows.ps.shard;

import dev.bellows.engine.kernel.FlatVectors;

/** Looks for NaN and infinities. */
public final class Finite {
  private static final FlatVectors VECTORS = FlatVectors.get();

  private Finite() {}

  /** True when {@code values[from, to)} has no NaN and no infinity. */
  public static boolean all(float[] values, int from, int to) {
    return VECTORS.allFinite(values, from, to - from);
  }
}
