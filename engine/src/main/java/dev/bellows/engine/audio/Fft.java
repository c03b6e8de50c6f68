package dev.bellows.engine.audio;

/**
 * Discrete Fourier transform of n numbers, n a power of two, in n log n steps (J. Cooley, J. Tukey:
 * An algorithm for the machine calculation of complex Fourier series, Math. Comp. 1965).
 *
 * <pre>X[k] = sum over i of x[i] e^(-2 pi j i k / n)</pre>
 */
final class Fft {
  private final int size;
  private final double[] cosines;
  private final double[] sines;

  /**
   * @param size n
   */
  Fft(int size) {
    if (Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException("size: expected a power of two, found " + size);
    }
    this.size = size;
    this.cosines = new double[size / 2];
    this.sines = new double[size / 2];
    for (int i = 0; i < size / 2; i++) {
      cosines[i] = StrictMath.cos(2 * Math.PI * i / size);
      sines[i] = StrictMath.sin(2 * Math.PI * i / size);
    }
  }

  /** The smallest power of two that is not below a length. */
  static int size(int length) {
    return length <= 1 ? 1 : Integer.highestOneBit(length - 1) << 1;
  }

  int size() {
    return size;
  }

  /** Transforms complex numbers [n] in place. */
  void transform(double[] real, double[] imaginary) {
    for (int i = 1; i < size; i++) { // bits of the place in reverse
      int j = Integer.reverse(i) >>> (32 - Integer.numberOfTrailingZeros(size));
      if (i < j) {
        swap(real, i, j);
        swap(imaginary, i, j);
      }
    }
    for (int half = 1; half < size; half *= 2) {
      int stride = size / (2 * half);
      for (int from = 0; from < size; from += 2 * half) {
        for (int i = 0; i < half; i++) {
          int a = from + i;
          int b = a + half;
          double c = cosines[i * stride];
          double s = sines[i * stride];
          double re = real[b] * c + imaginary[b] * s;
          double im = imaginary[b] * c - real[b] * s;
          real[b] = real[a] - re;
          imaginary[b] = imaginary[a] - im;
          real[a] += re;
          imaginary[a] += im;
        }
      }
    }
  }

  private static void swap(double[] values, int i, int j) {
    double kept = values[i];
    values[i] = values[j];
    values[j] = kept;
  }
}
