package dev.bellows.engine.kernel.plain;

/**
 * Elementary functions in single precision as fixed sequences of IEEE operations, the same as in
 * {@code engine/src/main/c/bellows_math.h}: the same bits on every JVM and in the C library.
 *
 * <p>Polynomials: S. L. Moshier, Cephes Mathematical Library, single precision.
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // written as in Cephes and as in the C file
final class FloatMath {
  private static final float ROUND = 12582912.0f; // 1.5 * 2^23: adding it leaves a whole number

  private FloatMath() {}

  private static float nearest(float x) {
    return (x + ROUND) - ROUND;
  }

  private static float twoTo(float n) {
    return Float.intBitsToFloat(((int) n + 127) << 23);
  }

  private static float expPoly(float r) {
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p;
  }

  static float exp(float x) {
    if (Float.isNaN(x)) {
      return x;
    }
    float c = x > 89.0f ? 89.0f : x;
    c = c < -104.0f ? -104.0f : c;
    float n = nearest(c * 1.44269504088896341f);
    float r = c - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    float y = expPoly(r) * (r * r) + r + 1.0f;
    float half = nearest(n * 0.5f);
    return y * twoTo(half) * twoTo(n - half);
  }

  /** e^x - 1, accurate near 0. */
  static float expm1(float x) {
    return Math.abs(x) < 0.34f ? expPoly(x) * (x * x) + x : exp(x) - 1.0f;
  }

  static float log(float x) {
    if (Float.isNaN(x) || x == Float.POSITIVE_INFINITY) {
      return x;
    }
    if (x == 0) {
      return Float.NEGATIVE_INFINITY;
    }
    if (x < 0) {
      return Float.NaN;
    }
    boolean tiny = x < 1.17549435e-38f;
    int bits = Float.floatToRawIntBits(tiny ? x * 33554432.0f : x);
    float e = (bits >>> 23) - 126;
    float m = Float.intBitsToFloat((bits & 0x007fffff) | 0x3f000000);
    boolean below = m < 0.707106781186547524f;
    e = (below ? e - 1.0f : e) - (tiny ? 25.0f : 0.0f);
    float r = below ? m + m - 1.0f : m - 1.0f;
    float z = r * r;
    float p = 7.0376836292e-2f;
    p = p * r - 1.1514610310e-1f;
    p = p * r + 1.1676998740e-1f;
    p = p * r - 1.2420140846e-1f;
    p = p * r + 1.4249322787e-1f;
    p = p * r - 1.6668057665e-1f;
    p = p * r + 2.0000714765e-1f;
    p = p * r - 2.4999993993e-1f;
    p = p * r + 3.3333331174e-1f;
    float y = r * z * p;
    y = y + e * -2.12194440e-4f;
    y = y - 0.5f * z;
    return r + y + e * 0.693359375f;
  }

  /** ln(1 + u) for u of 0 or more (W. Kahan's correction of the rounding of 1 + u). */
  static float log1p(float u) {
    float w = 1.0f + u;
    float d = w - 1.0f;
    return d == 0.0f ? u : log(w) * (u / d);
  }

  static float sigmoid(float x) {
    return 1.0f / (1.0f + exp(-x));
  }

  static float tanh(float x) {
    float a = Math.abs(x);
    if (a < 0.625f) {
      float z = x * x;
      float p = -5.70498872745e-3f;
      p = p * z + 2.06390887954e-2f;
      p = p * z - 5.37397155531e-2f;
      p = p * z + 1.33314422036e-1f;
      p = p * z - 3.33332819422e-1f;
      return p * z * x + x;
    }
    float large = 1.0f - 2.0f / (exp(a + a) + 1.0f);
    return x < 0.0f ? -large : large;
  }

  static float softplus(float x) {
    return Float.isNaN(x) ? x : (x > 0.0f ? x : 0.0f) + log1p(exp(-Math.abs(x)));
  }

  static float tanhSoftplus(float x) {
    float e = exp(x > 20.0f ? 20.0f : x);
    float w = e * (e + 2.0f);
    return w / (w + 2.0f);
  }

  /** e^(-x^2 / 2). */
  static float gaussian(float x) {
    float q = -0.5f * (x * x);
    q = q < -87.0f ? -87.0f : q;
    float n = nearest(q * 1.44269504088896341f);
    float r = q - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    return (expPoly(r) * (r * r) + r + 1.0f) * twoTo(n);
  }

  /** Phi(x) from {@link #gaussian} of x; see bellows_math.h. */
  private static float normalCdf(float x, float gaussian) {
    float z = Math.abs(x) * 0.70710678118654752f;
    float t = 1.0f / (1.0f + 0.44f * z);
    float p = 0.0712234676f;
    p = p * t - 0.277948022f;
    p = p * t + 0.296687484f;
    p = p * t - 0.0201806501f;
    p = p * t + 0.215812221f;
    p = p * t + 0.217313558f;
    p = p * t + 0.248871177f;
    p = p * t + 0.24822095f;
    float half = 0.5f * (t * p * gaussian);
    return x < 0.0f ? half : 1.0f - half;
  }

  static float gelu(float x) {
    return x * normalCdf(x, gaussian(x));
  }

  /** Phi(x) + x phi(x). */
  static float geluSlope(float x) {
    float gaussian = gaussian(x);
    return normalCdf(x, gaussian) + x * (0.3989422804014327f * gaussian);
  }

  static float sign(float v) {
    return v > 0.0f ? 1.0f : v < 0.0f ? -1.0f : v * 0.0f;
  }

  /** sin(2 pi v) for 0 <= v < 1. */
  static float sinTurns(float v) {
    float quarter = nearest(v * 4.0f);
    float r = (v - quarter * 0.25f) * 6.28318530717958648f;
    int k = (int) quarter & 3;
    float y = (k & 1) == 0 ? sinPoly(r) : cosPoly(r);
    return k >= 2 ? -y : y;
  }

  /** cos(2 pi v) for 0 <= v < 1. */
  static float cosTurns(float v) {
    float quarter = nearest(v * 4.0f);
    float r = (v - quarter * 0.25f) * 6.28318530717958648f;
    int k = (int) quarter & 3;
    float y = (k & 1) == 0 ? cosPoly(r) : sinPoly(r);
    return k == 1 || k == 2 ? -y : y;
  }

  /** sin(r) on [-pi/4, pi/4]. */
  private static float sinPoly(float r) {
    float z = r * r;
    float p = -1.9515295891e-4f;
    p = p * z + 8.3321608736e-3f;
    p = p * z - 1.6666654611e-1f;
    return p * z * r + r;
  }

  /** cos(r) on [-pi/4, pi/4]. */
  private static float cosPoly(float r) {
    float z = r * r;
    float p = 2.443315711809948e-5f;
    p = p * z - 1.388731625493765e-3f;
    p = p * z + 4.166664568298827e-2f;
    return p * z * z - 0.5f * z + 1.0f;
  }
}
