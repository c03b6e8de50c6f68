package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Embedding;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Memory;

/** {@link Embedding} in Java. */
final class PlainEmbedding implements Embedding {
  @Override
  public KernelCall bindGather(
      int rows, int k, long table, long codes, int codeStride, long y, int yStride) {
    return () -> {
      for (long r = 0; r < rows; r++) {
        long row = table + 4L * k * Memory.getInt(codes + 4 * r * codeStride);
        Memory.copy(row, y + 4 * r * yStride, 4L * k);
      }
    };
  }

  @Override
  public KernelCall bindScatterAdd(
      int rows, int k, int v, long dy, int dyStride, long codes, int codeStride, long table) {
    return () -> {
      Memory.zero(table, 4L * v * k);
      for (long r = 0; r < rows; r++) {
        long row = table + 4L * k * Memory.getInt(codes + 4 * r * codeStride);
        long from = dy + 4 * r * dyStride;
        for (long c = 0; c < 4L * k; c += 4) {
          Memory.putFloat(row + c, Memory.getFloat(row + c) + Memory.getFloat(from + c));
        }
      }
    };
  }
}
