package dev.bellows.engine.kernel.plain;

import static dev.bellows.engine.tensor.Memory.getFloat;
import static dev.bellows.engine.tensor.Memory.getInt;
import static dev.bellows.engine.tensor.Memory.putFloat;

import dev.bellows.engine.kernel.Alignment;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Memory;

/** {@link Alignment} in Java: logarithms of the forward and backward variables, in double. */
final class PlainAlignment implements Alignment {
  @Override
  public KernelCall bindCtc(
      CtcShape shape, long x, long labels, long lengths, long counts, long loss) {
    Ctc ctc = new Ctc(shape, x, labels, lengths, counts);
    return () -> {
      for (int n = 0; n < shape.rows(); n++) {
        ctc.open(n);
        putFloat(loss + 4L * n, (float) -ctc.forward());
      }
    };
  }

  @Override
  public KernelCall bindCtcGrad(
      CtcShape shape, long dy, long x, long labels, long lengths, long counts, long dx) {
    Ctc ctc = new Ctc(shape, x, labels, lengths, counts);
    return () -> {
      for (int n = 0; n < shape.rows(); n++) {
        ctc.open(n);
        ctc.backward(getFloat(dy + 4L * n), dx + 4L * n * shape.steps() * shape.classes());
      }
    };
  }

  /** One row at a time; the arrays are for the longest. */
  private static final class Ctc {
    private final CtcShape shape;
    private final long x;
    private final long labels;
    private final long lengths;
    private final long counts;
    private final int[] state;
    private final double[] alpha;
    private final double[] beta;
    private long row;
    private int steps;
    private int states;

    Ctc(CtcShape shape, long x, long labels, long lengths, long counts) {
      this.shape = shape;
      this.x = x;
      this.labels = labels;
      this.lengths = lengths;
      this.counts = counts;
      int most = 2 * shape.labels() + 1;
      this.state = new int[most];
      this.alpha = new double[most * shape.steps()];
      this.beta = new double[most];
    }

    void open(int n) {
      row = x + 4L * n * shape.steps() * shape.classes();
      steps = Math.max(0, Math.min(shape.steps(), getInt(lengths + 4L * n)));
      int count = Math.max(0, Math.min(shape.labels(), getInt(counts + 4L * n)));
      states = 2 * count + 1;
      for (int s = 0; s < states; s++) {
        state[s] =
            s % 2 == 0 ? shape.blank() : getInt(labels + 4L * ((long) n * shape.labels() + s / 2));
      }
    }

    private double emission(int t, int s) {
      return getFloat(row + 4L * ((long) t * shape.classes() + state[s]));
    }

    private boolean skips(int s) {
      return s >= 2 && s % 2 == 1 && state[s] != state[s - 2];
    }

    private static double add(double a, double b) {
      double most = a > b ? a : b;
      return most == Double.NEGATIVE_INFINITY
          ? most
          : most + StrictMath.log1p(StrictMath.exp((a > b ? b : a) - most));
    }

    /** ln P of the row. */
    double forward() {
      for (int t = 0; t < steps; t++) {
        int now = t * states;
        int old = now - states;
        for (int s = 0; s < states; s++) {
          double sum = s < 2 ? 0 : Double.NEGATIVE_INFINITY;
          if (t > 0) {
            sum = alpha[old + s];
            sum = s >= 1 ? add(sum, alpha[old + s - 1]) : sum;
            sum = skips(s) ? add(sum, alpha[old + s - 2]) : sum;
          }
          alpha[now + s] = sum + emission(t, s);
        }
      }
      if (steps == 0) {
        return states == 1 ? 0 : Double.NEGATIVE_INFINITY;
      }
      int end = steps * states - 1;
      return states == 1 ? alpha[end] : add(alpha[end], alpha[end - 1]);
    }

    void backward(double dy, long dx) {
      Memory.zero(dx, 4L * shape.steps() * shape.classes());
      double total = forward();
      if (total == Double.NEGATIVE_INFINITY) {
        return;
      }
      for (int t = steps - 1; t >= 0; t--) {
        // In place: state s reads s, s + 1 and s + 2 of the step after, which are not yet written.
        for (int s = 0; s < states; s++) {
          if (t == steps - 1) {
            beta[s] = s >= states - 2 ? 0 : Double.NEGATIVE_INFINITY;
          } else {
            double sum = beta[s] + emission(t + 1, s);
            sum = s + 1 < states ? add(sum, beta[s + 1] + emission(t + 1, s + 1)) : sum;
            beta[s] =
                s + 2 < states && skips(s + 2)
                    ? add(sum, beta[s + 2] + emission(t + 1, s + 2))
                    : sum;
          }
          double share = StrictMath.exp(alpha[t * states + s] + beta[s] - total);
          long at = dx + 4L * ((long) t * shape.classes() + state[s]);
          putFloat(at, (float) (getFloat(at) - dy * share));
        }
      }
    }
  }
}
