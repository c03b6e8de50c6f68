package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Sources of fixed value, elementwise arithmetic, activations and their gradient ops. */
final class Elementwise {
  private Elementwise() {}

  /** The value of an elementwise node, or null when the op is of another family. */
  static double @Nullable [] compute(Node n, double[][] in) {
    DoubleUnaryOperator unary = unary(n);
    if (unary != null) {
      return map(in[0], unary);
    }
    DoubleBinaryOperator binary = binary(n);
    return binary == null ? null : broadcast(n, in[0], in[1], binary);
  }

  private static @Nullable DoubleUnaryOperator unary(Node n) {
    Attributes at = n.attributes();
    return switch (n.op()) {
      case STOP_GRADIENT -> x -> x;
      case NEG -> x -> -x;
      case EXP -> Math::exp;
      case LOG -> Math::log;
      case SQRT -> Math::sqrt;
      case POW -> {
        double exponent = at.number("exponent");
        yield x -> Math.pow(x, exponent);
      }
      case ABS -> Math::abs;
      case SIGN -> Math::signum;
      case CLAMP -> {
        double min = at.number("min");
        double max = at.number("max");
        yield x -> Math.min(max, Math.max(min, x));
      }
      case RELU -> x -> Math.max(x, 0);
      case LEAKY_RELU -> {
        double alpha = at.number("alpha");
        yield x -> x > 0 ? x : alpha * x;
      }
      case ELU -> {
        double alpha = at.number("alpha");
        yield x -> x > 0 ? x : alpha * Math.expm1(x);
      }
      case SIGMOID -> Scalars::sigmoid;
      case TANH -> Math::tanh;
      case SOFTPLUS -> Scalars::softplus;
      case SWISH -> {
        double beta = at.number("beta");
        yield x -> Scalars.swish(x, beta);
      }
      case MISH -> Scalars::mish;
      case GELU -> Scalars::gelu;
      case GELU_SLOPE -> Scalars::geluGrad;
      case STEP -> x -> x >= 0 ? 1 : 0;
      default -> null;
    };
  }

  private static @Nullable DoubleBinaryOperator binary(Node n) {
    Attributes at = n.attributes();
    return switch (n.op()) {
      case ADD -> Double::sum;
      case SUB -> (a, b) -> a - b;
      case MUL -> (a, b) -> a * b;
      case DIV -> (a, b) -> a / b;
      case MAX -> Math::max;
      case MIN -> Math::min;
      case GREATER -> (a, b) -> a > b ? 1 : 0;
      case RELU_GRAD -> (dy, y) -> y > 0 ? dy : 0;
      case LEAKY_RELU_GRAD -> {
        double alpha = at.number("alpha");
        yield (dy, y) -> y > 0 ? dy : alpha * dy;
      }
      case ELU_GRAD -> {
        double alpha = at.number("alpha");
        yield (dy, y) -> y > 0 ? dy : dy * (y + alpha);
      }
      case SIGMOID_GRAD -> (dy, y) -> dy * y * (1 - y);
      case TANH_GRAD -> (dy, y) -> dy * (1 - y * y);
      case SWISH_GRAD -> {
        double beta = at.number("beta");
        yield (dy, x) -> dy * Scalars.swishGrad(x, beta);
      }
      case MISH_GRAD -> (dy, x) -> dy * Scalars.mishGrad(x);
      default -> null;
    };
  }

  private static double[] map(double[] x, DoubleUnaryOperator f) {
    double[] out = new double[x.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = f.applyAsDouble(x[i]);
    }
    return out;
  }

  private static double[] broadcast(Node n, double[] a, double[] b, DoubleBinaryOperator f) {
    double[] out = new double[(int) n.shape().size()];
    int[] left = Layout.broadcastIndex(n.input(0).shape(), n.shape());
    int[] right = Layout.broadcastIndex(n.input(1).shape(), n.shape());
    for (int i = 0; i < out.length; i++) {
      out[i] = f.applyAsDouble(a[left[i]], b[right[i]]);
    }
    return out;
  }
}
