package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.BinaryOp;
import dev.bellows.engine.kernel.BroadcastShape;
import dev.bellows.engine.kernel.Elementwise;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.UnaryOp;
import dev.bellows.engine.tensor.Memory;

/** {@link Elementwise} in Java. */
final class PlainElementwise implements Elementwise {
  @FunctionalInterface
  private interface Function1 {
    float apply(float v);
  }

  @FunctionalInterface
  private interface Function2 {
    float apply(float u, float v);
  }

  private static Function1 function(UnaryOp op, float p, float q) {
    return switch (op) {
      case IDENTITY -> v -> v;
      case NEG -> v -> -v;
      case EXP -> FloatMath::exp;
      case LOG -> FloatMath::log;
      case SQRT -> v -> (float) Math.sqrt(v);
      case POW -> power(p);
      case ABS -> Math::abs;
      case SIGN -> FloatMath::sign;
      case CLAMP -> v -> v < p ? p : v > q ? q : v;
      case RELU -> v -> v <= 0.0f ? 0.0f : v;
      case LEAKY_RELU -> v -> v > 0.0f ? v : p * v;
      case ELU -> v -> v > 0.0f ? v : p * FloatMath.expm1(v);
      case SIGMOID -> FloatMath::sigmoid;
      case TANH -> FloatMath::tanh;
      case SOFTPLUS -> FloatMath::softplus;
      case SWISH -> v -> v * FloatMath.sigmoid(p * v);
      case MISH -> v -> v * FloatMath.tanhSoftplus(v);
      case GELU -> FloatMath::gelu;
      case GELU_SLOPE -> FloatMath::geluSlope;
      case STEP -> v -> v >= 0.0f ? 1.0f : v < 0.0f ? 0.0f : v;
      case AFFINE -> v -> v * p + q;
    };
  }

  private static Function1 power(float p) {
    if (p == 2) {
      return v -> v * v;
    }
    return p == -1 ? v -> 1.0f / v : v -> (float) StrictMath.pow(v, p);
  }

  private static Function2 function(BinaryOp op, float p) {
    return switch (op) {
      case ADD -> (u, v) -> u + v;
      case SUB -> (u, v) -> u - v;
      case MUL -> (u, v) -> u * v;
      case DIV -> (u, v) -> u / v;
      case MAX -> (u, v) -> u > v ? u : Float.isNaN(u) ? u : v;
      case MIN -> (u, v) -> u < v ? u : Float.isNaN(u) ? u : v;
      case GREATER -> (u, v) -> u > v ? 1.0f : 0.0f;
      case RELU_GRAD -> (u, v) -> gated(v, u, 0.0f);
      case LEAKY_RELU_GRAD -> (u, v) -> gated(v, u, p * u);
      case ELU_GRAD -> (u, v) -> gated(v, u, u * (v + p));
      case SIGMOID_GRAD -> (u, v) -> u * v * (1.0f - v);
      case TANH_GRAD -> (u, v) -> u * (1.0f - v * v);
      case SWISH_GRAD ->
          (u, v) -> {
            float s = FloatMath.sigmoid(p * v);
            return u * (s + p * v * s * (1.0f - s));
          };
      case MISH_GRAD ->
          (u, v) -> {
            float t = FloatMath.tanhSoftplus(v);
            return u * (t + v * (1.0f - t * t) * FloatMath.sigmoid(v));
          };
    };
  }

  /** NaN where the saved value is NaN, so that a broken forward pass shows in the gradient. */
  private static float gated(float saved, float yes, float no) {
    return saved > 0.0f ? yes : saved <= 0.0f ? no : saved;
  }

  @Override
  public KernelCall bindUnary(UnaryOp op, float p, float q, long x, long y, long n) {
    Function1 f = function(op, p, q);
    return () -> {
      for (long i = 0; i < 4 * n; i += 4) {
        Memory.putFloat(y + i, f.apply(Memory.getFloat(x + i)));
      }
    };
  }

  @Override
  public KernelCall bindBinary(BinaryOp op, float p, BroadcastShape shape, long a, long b, long y) {
    Function2 f = function(op, p);
    return () -> {
      long to = y;
      for (long i = 0; i < shape.dim(0); i++) {
        for (long j = 0; j < shape.dim(1); j++) {
          for (long k = 0; k < shape.dim(2); k++) {
            long u = a + 4 * (i * shape.strideA(0) + j * shape.strideA(1) + k * shape.strideA(2));
            long v = b + 4 * (i * shape.strideB(0) + j * shape.strideB(1) + k * shape.strideB(2));
            long n = shape.dim(3);
            line(f, u, 4 * shape.strideA(3), v, 4 * shape.strideB(3), to, n);
            to += 4 * n;
          }
        }
      }
    };
  }

  private static void line(Function2 f, long u, long uStep, long v, long vStep, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.putFloat(
          y + 4 * i, f.apply(Memory.getFloat(u + i * uStep), Memory.getFloat(v + i * vStep)));
    }
  }

  @Override
  public KernelCall bindBias(
      UnaryOp op, float p, float q, long x, long bias, long y, int rows, int cols) {
    Function1 f = function(op, p, q);
    return () -> {
      for (long r = 0; r < rows; r++) {
        long at = 4 * r * cols;
        for (long c = 0; c < 4L * cols; c += 4) {
          float v = Memory.getFloat(x + at + c) + Memory.getFloat(bias + c);
          Memory.putFloat(y + at + c, f.apply(v));
        }
      }
    };
  }

  @Override
  public KernelCall bindGeluWithSlope(long x, long y, long slope, long n) {
    return () -> {
      for (long i = 0; i < 4 * n; i += 4) {
        float v = Memory.getFloat(x + i);
        Memory.putFloat(y + i, FloatMath.gelu(v));
        Memory.putFloat(slope + i, FloatMath.geluSlope(v));
      }
    };
  }

  @Override
  public KernelCall bindGradientWithSums(
      BinaryOp op, float p, long dy, long saved, long dx, long sums, int rows, int cols) {
    Function2 f = function(op, p);
    return () -> {
      Memory.zero(sums, 4L * cols);
      for (long r = 0; r < rows; r++) {
        long at = 4 * r * cols;
        for (long c = 0; c < 4L * cols; c += 4) {
          float g = f.apply(Memory.getFloat(dy + at + c), Memory.getFloat(saved + at + c));
          Memory.putFloat(dx + at + c, g);
          Memory.putFloat(sums + c, Memory.getFloat(sums + c) + g);
        }
      }
    };
  }
}
