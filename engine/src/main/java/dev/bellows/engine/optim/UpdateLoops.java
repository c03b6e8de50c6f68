package dev.bellows.engine.optim;

import dev.bellows.engine.kernel.FlatVectors;

/**
 * The inner loops of {@link UpdateRule}: one common index, no branches, no calls but sqrt, min and
 * max, so that C2 turns each into vector code. Float32 throughout; Java never contracts a * b + c,
 * so vector and scalar code give the same bits.
 */
final class UpdateLoops {
  private static final float FIRST = FlatVectors.FLUSH_FIRST;
  private static final float SECOND = FlatVectors.FLUSH_SECOND;

  private UpdateLoops() {}

  /** g = clip clamp(g mean, -bound, bound) + l2 w. */
  static void prepare(
      float[] w, float[] g, int from, int to, float mean, float bound, float clip, float l2) {
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

  static void scale(float[] w, int from, int to, float keep) {
    for (int i = from; i < to; i++) {
      w[i] = w[i] * keep;
    }
  }

  /** w = sign(w) max(|w| - threshold, 0), written without a sign. */
  static void softThreshold(float[] w, int from, int to, float threshold) {
    for (int i = from; i < to; i++) {
      w[i] = w[i] - Math.max(-threshold, Math.min(threshold, w[i]));
    }
  }

  static void state(float[] w, float[] g, int from, int to, float mean, float momentum) {
    float rest = 1f - momentum;
    for (int i = from; i < to; i++) {
      w[i] = momentum * w[i] + rest * (g[i] * mean);
    }
  }

  static void sgd(float[] w, float[] g, int from, int to, float eta) {
    for (int i = from; i < to; i++) {
      w[i] = w[i] - eta * g[i];
    }
  }

  static void momentum(float[] w, float[] g, float[] m, int from, int to, float eta, float gamma) {
    for (int i = from; i < to; i++) {
      float next = (gamma * m[i] + eta * g[i] + FIRST) - FIRST;
      m[i] = next;
      w[i] = w[i] - next;
    }
  }

  static void nesterov(float[] w, float[] g, float[] m, int from, int to, float eta, float gamma) {
    for (int i = from; i < to; i++) {
      float pull = eta * g[i];
      float next = (gamma * m[i] + pull + FIRST) - FIRST;
      m[i] = next;
      w[i] = w[i] - (gamma * next + pull);
    }
  }

  static void rmsprop(
      float[] w,
      float[] g,
      float[] v,
      int from,
      int to,
      float eta,
      float rho,
      float rest,
      float eps) {
    for (int i = from; i < to; i++) {
      float next = (rho * v[i] + rest * (g[i] * g[i]) + SECOND) - SECOND;
      v[i] = next;
      w[i] = w[i] - eta * g[i] / ((float) Math.sqrt(next) + eps);
    }
  }

  static void adadelta(
      float[] w,
      float[] g,
      float[] v,
      float[] u,
      int from,
      int to,
      float eta,
      float rho,
      float rest,
      float eps) {
    for (int i = from; i < to; i++) {
      float next = (rho * v[i] + rest * (g[i] * g[i]) + SECOND) - SECOND;
      v[i] = next;
      float delta = (float) Math.sqrt(u[i] + eps) / (float) Math.sqrt(next + eps) * g[i];
      u[i] = (rho * u[i] + rest * (delta * delta) + SECOND) - SECOND;
      w[i] = w[i] - eta * delta;
    }
  }

  static void adagrad(float[] w, float[] g, float[] v, int from, int to, float eta, float eps) {
    for (int i = from; i < to; i++) {
      float next = v[i] + g[i] * g[i];
      v[i] = next;
      w[i] = w[i] - eta * g[i] / ((float) Math.sqrt(next) + eps);
    }
  }

  static double squares(float[] g, int from, int to) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    double s5 = 0;
    double s6 = 0;
    double s7 = 0;
    int i = from;
    for (; i + 8 <= to; i += 8) {
      s0 += (double) g[i] * g[i];
      s1 += (double) g[i + 1] * g[i + 1];
      s2 += (double) g[i + 2] * g[i + 2];
      s3 += (double) g[i + 3] * g[i + 3];
      s4 += (double) g[i + 4] * g[i + 4];
      s5 += (double) g[i + 5] * g[i + 5];
      s6 += (double) g[i + 6] * g[i + 6];
      s7 += (double) g[i + 7] * g[i + 7];
    }
    double tail = 0;
    for (; i < to; i++) {
      tail += (double) g[i] * g[i];
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)) + tail;
  }

  /**
   * average = keep average + (1 - keep) w; an average of 0 has not begun and takes w as it is, so
   * that it needs no correction for its start.
   */
  static void average(float[] w, float[] average, int from, int to, float keep) {
    float take = 1 - keep;
    for (int i = from; i < to; i++) {
      average[i] = average[i] == 0 ? w[i] : keep * average[i] + take * w[i];
    }
  }
}
