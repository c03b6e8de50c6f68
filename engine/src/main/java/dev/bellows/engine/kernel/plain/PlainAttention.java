package dev.bellows.engine.kernel.plain;

import static dev.bellows.engine.tensor.Memory.getFloat;
import static dev.bellows.engine.tensor.Memory.putFloat;

import dev.bellows.engine.kernel.Attention;
import dev.bellows.engine.kernel.AttentionShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Memory;

/** {@link Attention} in plain Java, one query after another. */
final class PlainAttention implements Attention {
  @Override
  public KernelCall bind(AttentionShape s, Operands in, long lengths, long y) {
    Head head = new Head(s, in, lengths);
    long stride = 4L * s.heads() * s.valueWidth();
    return () -> {
      for (int row = 0; row < s.rows(); row++) {
        for (int h = 0; h < s.heads(); h++) {
          head.at(row, h);
          for (int i = 0; i < s.queries(); i++) {
            int seen = head.probabilities(i);
            long to = y + ((long) row * s.queries() + i) * stride + 4L * h * s.valueWidth();
            Memory.zero(to, 4L * s.valueWidth());
            for (int j = 0; j < seen; j++) {
              addTo(to, head.v(j), head.p[j], s.valueWidth());
            }
          }
        }
      }
    };
  }

  @Override
  public KernelCall bindGradients(
      AttentionShape s, Operands in, long lengths, long dy, Operands out) {
    Head head = new Head(s, in, lengths);
    Head gradient = new Head(s, out, lengths);
    long stride = 4L * s.heads() * s.valueWidth();
    float[] d = new float[s.keys()];
    return () -> {
      for (int row = 0; row < s.rows(); row++) {
        for (int h = 0; h < s.heads(); h++) {
          head.at(row, h);
          gradient.at(row, h);
          gradient.clear();
          for (int i = 0; i < s.queries(); i++) {
            int seen = head.probabilities(i);
            long slope = dy + ((long) row * s.queries() + i) * stride + 4L * h * s.valueWidth();
            double sum = 0;
            for (int j = 0; j < seen; j++) {
              d[j] = dot(slope, head.v(j), s.valueWidth());
              sum += (double) head.p[j] * d[j];
              if (out.v() != 0) {
                addTo(gradient.v(j), slope, head.p[j], s.valueWidth());
              }
            }
            for (int j = 0; j < seen; j++) {
              float score = head.p[j] * (d[j] - (float) sum) * s.scale();
              if (out.q() != 0) {
                addTo(gradient.q(i), head.k(j), score, s.width());
              }
              if (out.k() != 0) {
                addTo(gradient.k(j), head.q(i), score, s.width());
              }
            }
          }
        }
      }
    };
  }

  private static void addTo(long y, long x, float factor, int n) {
    for (long c = 0; c < 4L * n; c += 4) {
      putFloat(y + c, getFloat(y + c) + factor * getFloat(x + c));
    }
  }

  private static float dot(long x, long y, int n) {
    double sum = 0;
    for (long c = 0; c < 4L * n; c += 4) {
      sum += (double) getFloat(x + c) * getFloat(y + c);
    }
    return (float) sum;
  }

  /** The operands of one sequence and head. */
  private static final class Head {
    final float[] p;
    private final AttentionShape s;
    private final Operands in;
    private final long lengths;
    private int row;
    private int head;

    Head(AttentionShape shape, Operands operands, long lengths) {
      this.s = shape;
      this.in = operands;
      this.lengths = lengths;
      this.p = new float[shape.keys()];
    }

    void at(int newRow, int newHead) {
      row = newRow;
      head = newHead;
    }

    long q(int i) {
      return in.q() + 4 * (((long) row * s.queries() + i) * in.qStride() + (long) head * s.width());
    }

    long k(int j) {
      return in.k() + 4 * (((long) row * s.keys() + j) * in.kStride() + (long) head * s.width());
    }

    long v(int j) {
      return in.v()
          + 4 * (((long) row * s.keys() + j) * in.vStride() + (long) head * s.valueWidth());
    }

    void clear() {
      for (int i = 0; i < s.queries() && in.q() != 0; i++) {
        Memory.zero(q(i), 4L * s.width());
      }
      for (int j = 0; j < s.keys(); j++) {
        if (in.k() != 0) {
          Memory.zero(k(j), 4L * s.width());
        }
        if (in.v() != 0) {
          Memory.zero(v(j), 4L * s.valueWidth());
        }
      }
    }

    /** Sets p for query i; returns how many keys it sees. */
    int probabilities(int i) {
      int length = lengths == 0 ? s.keys() : Memory.getInt(lengths + 4L * row);
      int seen = Math.max(0, Math.min(length, s.causal() ? Math.min(i + 1, s.keys()) : s.keys()));
      float largest = Float.NEGATIVE_INFINITY;
      for (int j = 0; j < seen; j++) {
        p[j] = dot(q(i), k(j), s.width());
        largest = p[j] > largest || Float.isNaN(p[j]) ? p[j] : largest;
      }
      double sum = 0;
      for (int j = 0; j < seen; j++) {
        p[j] = FloatMath.exp((p[j] - largest) * s.scale());
        sum += p[j];
      }
      float inverse = (float) (1 / sum);
      for (int j = 0; j < seen; j++) {
        p[j] *= inverse;
      }
      return seen;
    }
  }
}
