package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Embedding;
import dev.bellows.engine.kernel.KernelCall;

/** {@link Embedding} by our C library. */
final class NativeEmbedding implements Embedding {
  @Override
  public KernelCall bindGather(
      int rows, int k, long table, long codes, int codeStride, long y, int yStride) {
    return () -> NativeOps.gatherRows(rows, k, table, codes, codeStride, y, yStride);
  }

  @Override
  public KernelCall bindScatterAdd(
      int rows, int k, int v, long dy, int dyStride, long codes, int codeStride, long table) {
    return () -> NativeOps.scatterAddRows(rows, k, v, dy, dyStride, codes, codeStride, table);
  }
}
