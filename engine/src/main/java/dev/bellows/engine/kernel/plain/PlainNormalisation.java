package dev.bellows.engine.kernel.plain;

import static dev.bellows.engine.tensor.Memory.getFloat;
import static dev.bellows.engine.tensor.Memory.putFloat;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.NormShape;
import dev.bellows.engine.kernel.Normalisation;
import dev.bellows.engine.tensor.Memory;

/** {@link Normalisation} in plain Java. */
final class PlainNormalisation implements Normalisation {
  /** What a (row, group) is shifted and multiplied by. */
  private static final class Statistics {
    float mean;
    float rsd;

    /** x is at the group's first value; places are {@code stride} bytes apart. */
    void of(NormShape s, float epsilon, long x, long stride) {
      double sum = 0;
      for (int p = 0; p < s.places(); p++) {
        for (long w = 0; w < 4L * s.width(); w += 4) {
          sum += getFloat(x + p * stride + w);
        }
      }
      mean = (float) (sum / s.count());
      double squares = 0;
      for (int p = 0; p < s.places(); p++) {
        for (long w = 0; w < 4L * s.width(); w += 4) {
          float d = getFloat(x + p * stride + w) - mean;
          squares += (double) d * d;
        }
      }
      rsd = (float) (1 / Math.sqrt(squares / s.count() + epsilon));
    }
  }

  @Override
  public KernelCall bindGroupNorm(
      NormShape s, float epsilon, long x, long scale, long shift, long y) {
    Statistics statistics = new Statistics();
    long stride = 4L * s.channels();
    return () -> {
      for (int r = 0; r < s.rows(); r++) {
        for (int g = 0; g < s.groups(); g++) {
          long channel = 4L * g * s.width();
          long first = (long) r * s.places() * stride + channel;
          statistics.of(s, epsilon, x + first, stride);
          for (int p = 0; p < s.places(); p++) {
            for (long w = 0; w < 4L * s.width(); w += 4) {
              long at = first + p * stride + w;
              float xhat = (getFloat(x + at) - statistics.mean) * statistics.rsd;
              float factor = getFloat(scale + channel + w);
              putFloat(y + at, xhat * factor + getFloat(shift + channel + w));
            }
          }
        }
      }
    };
  }

  @Override
  public KernelCall bindGroupNormGrad(
      NormShape s, float epsilon, long dy, long x, long scale, long dx, long dscale, long dshift) {
    Statistics statistics = new Statistics();
    long stride = 4L * s.channels();
    return () -> {
      clear(dscale, stride);
      clear(dshift, stride);
      for (int r = 0; r < s.rows(); r++) {
        for (int g = 0; g < s.groups(); g++) {
          long channel = 4L * g * s.width();
          long first = (long) r * s.places() * stride + channel;
          statistics.of(s, epsilon, x + first, stride);
          double sum = 0;
          double dot = 0;
          for (int p = 0; p < s.places(); p++) {
            for (long w = 0; w < 4L * s.width(); w += 4) {
              long at = first + p * stride + w;
              float xhat = (getFloat(x + at) - statistics.mean) * statistics.rsd;
              float slope = getFloat(dy + at);
              float d = dx == 0 ? 0 : slope * getFloat(scale + channel + w);
              sum += d;
              dot += (double) d * xhat;
              add(dscale, channel + w, slope * xhat);
              add(dshift, channel + w, slope);
            }
          }
          if (dx != 0) {
            float meanD = (float) (sum / s.count());
            float meanDx = (float) (dot / s.count());
            for (int p = 0; p < s.places(); p++) {
              for (long w = 0; w < 4L * s.width(); w += 4) {
                long at = first + p * stride + w;
                float xhat = (getFloat(x + at) - statistics.mean) * statistics.rsd;
                float d = getFloat(dy + at) * getFloat(scale + channel + w);
                putFloat(dx + at, (d - meanD - xhat * meanDx) * statistics.rsd);
              }
            }
          }
        }
      }
    };
  }

  private static void clear(long sums, long bytes) {
    if (sums != 0) {
      Memory.zero(sums, bytes);
    }
  }

  private static void add(long sums, long at, float value) {
    if (sums != 0) {
      putFloat(sums + at, getFloat(sums + at) + value);
    }
  }
}
