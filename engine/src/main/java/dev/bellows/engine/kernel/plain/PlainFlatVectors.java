package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.FlatVectors;
import dev.bellows.engine.tensor.Bfloat16;
import dev.bellows.engine.tensor.Memory;
import org.jspecify.annotations.Nullable;

/**
 * {@link FlatVectors} in Java: loops over one common index without branches, which C2 turns into
 * vector code, block by block so that the passes of a block stay in the first-level cache.
 */
public final class PlainFlatVectors implements FlatVectors {
  private static final int BLOCK = 1024;

  /** Of a bfloat16: all ones in NaN and infinity. */
  private static final int EXPONENT = 0x7f80;

  /** The largest finite bfloat16. */
  private static final int LARGEST = 0x7f7f;

  private static final int MAGNITUDE = 0x7fffffff;
  private static final int ONE_EXPONENT = 0x00800000;

  @Override
  public boolean copy(long x, float[] y, int n) {
    Memory.copyOut(x, y, 0, n);
    return allFinite(y, 0, n);
  }

  @Override
  public boolean add(long x, float[][] chain, int count, int n) {
    float[] block = new float[Math.min(BLOCK, n)];
    boolean finite = true;
    for (int at = 0; at < n; at += BLOCK) {
      int length = Math.min(BLOCK, n - at);
      Memory.copyOut(x + 4L * at, block, 0, length);
      finite &= allFinite(block, 0, length);
      addBlock(block, chain[0], at, length);
      for (int k = 1; k < count; k++) {
        addRange(chain[k - 1], chain[k], at, at + length);
      }
    }
    return finite;
  }

  private static void addBlock(float[] block, float[] sum, int at, int n) {
    for (int i = 0; i < n; i++) {
      sum[at + i] += block[i];
    }
  }

  private static void addRange(float[] x, float[] sum, int from, int to) {
    for (int i = from; i < to; i++) {
      sum[i] += x[i];
    }
  }

  @Override
  public void add(float[] x, int offset, float[] sum, int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += x[offset + i];
    }
  }

  @Override
  public boolean allFinite(float[] x, int offset, int n) {
    int signs = 0;
    for (int i = offset; i < offset + n; i++) {
      // only the largest exponent, that of NaN and infinity, carries into the sign bit
      signs |= (Float.floatToRawIntBits(x[i]) & MAGNITUDE) + ONE_EXPONENT;
    }
    return signs >= 0;
  }

  @Override
  public void splitBfloat16(float[] x, int offset, byte[] y, int at, int n) {
    for (int i = 0; i < n; i++) {
      short bits = Bfloat16.round(x[offset + i]);
      if ((bits & EXPONENT) == EXPONENT) {
        bits = (short) ((bits & Short.MIN_VALUE) | LARGEST);
      }
      y[at + 2 * i] = (byte) bits;
      y[at + 2 * i + 1] = (byte) (bits >> Byte.SIZE);
      x[offset + i] -= Bfloat16.value(bits);
    }
  }

  @Override
  public boolean addBfloat16(byte[] x, int at, float[] sum, int offset, int n) {
    boolean finite = true;
    for (int i = 0; i < n; i++) {
      short bits = (short) ((x[at + 2 * i] & 0xff) | x[at + 2 * i + 1] << Byte.SIZE);
      finite &= (bits & EXPONENT) != EXPONENT;
      sum[offset + i] += Bfloat16.value(bits);
    }
    return finite;
  }

  @Override
  public void byteRows(
      byte[] x,
      int @Nullable [] order,
      int from,
      int count,
      int width,
      double center,
      double factor,
      long y) {
    float[] values = new float[256];
    for (int b = 0; b < values.length; b++) {
      values[b] = (float) ((b - center) * factor);
    }
    float[] row = new float[width];
    for (int r = 0; r < count; r++) {
      int base = (order == null ? from + r : order[from + r]) * width;
      for (int i = 0; i < width; i++) {
        row[i] = values[x[base + i] & 0xff];
      }
      Memory.copyIn(row, 0, y + 4L * r * width, width);
    }
  }

  @Override
  public void adam(
      float[] constants, float[] g, float[] w, float[] m, float[] v, int offset, int n) {
    int end = offset + n;
    for (int from = offset; from < end; from += BLOCK) {
      int to = Math.min(end, from + BLOCK);
      prepare(constants, g, w, from, to);
      moments(constants, g, m, v, from, to);
      step(constants, w, m, v, from, to);
    }
  }

  private static void prepare(float[] c, float[] g, float[] w, int from, int to) {
    float mean = c[AdamConstant.MEAN.ordinal()];
    float bound = c[AdamConstant.BOUND.ordinal()];
    float clip = c[AdamConstant.CLIP.ordinal()];
    float l2 = c[AdamConstant.L2.ordinal()];
    if (bound == Float.POSITIVE_INFINITY) {
      for (int i = from; i < to; i++) {
        g[i] = g[i] * mean * clip + l2 * w[i];
      }
    } else {
      for (int i = from; i < to; i++) {
        g[i] = Math.max(-bound, Math.min(bound, g[i] * mean)) * clip + l2 * w[i];
      }
    }
  }

  private static void moments(float[] c, float[] g, float[] m, float[] v, int from, int to) {
    float beta1 = c[AdamConstant.BETA1.ordinal()];
    float rest1 = c[AdamConstant.REST1.ordinal()];
    float beta2 = c[AdamConstant.BETA2.ordinal()];
    float rest2 = c[AdamConstant.REST2.ordinal()];
    for (int i = from; i < to; i++) {
      m[i] = (beta1 * m[i] + rest1 * g[i] + FLUSH_FIRST) - FLUSH_FIRST;
      v[i] = (beta2 * v[i] + rest2 * (g[i] * g[i]) + FLUSH_SECOND) - FLUSH_SECOND;
    }
  }

  private static void step(float[] c, float[] w, float[] m, float[] v, int from, int to) {
    float keep = c[AdamConstant.KEEP.ordinal()];
    float threshold = c[AdamConstant.THRESHOLD.ordinal()];
    float eta = c[AdamConstant.ETA.ordinal()];
    float correction = c[AdamConstant.CORRECTION.ordinal()];
    float epsilon = c[AdamConstant.EPSILON.ordinal()];
    for (int i = from; i < to; i++) {
      w[i] = w[i] * keep - eta * m[i] / ((float) Math.sqrt(v[i] * correction) + epsilon);
    }
    if (threshold > 0) {
      for (int i = from; i < to; i++) {
        w[i] = w[i] - Math.max(-threshold, Math.min(threshold, w[i]));
      }
    }
  }
}
