package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;

/** Layer, group and instance normalisation. Plain loops in double precision. */
final class Normalisations {
  private Normalisations() {}

  static double[] compute(Node n, double[][] in) {
    return switch (n.op()) {
      case GROUP_NORM -> {
        double[] out = new double[in[0].length];
        double[] xhat = normalised(n, in[0]).xhat;
        int channels = in[1].length;
        for (int i = 0; i < out.length; i++) {
          out[i] = xhat[i] * in[1][i % channels] + in[2][i % channels];
        }
        yield out;
      }
      case GROUP_NORM_GRAD -> gradient(n, in[0], in[1], in[2]);
      case GROUP_NORM_GRAD_SCALE -> {
        double[] out = new double[n.shape().dim(0)];
        double[] xhat = normalised(n, in[1]).xhat;
        for (int i = 0; i < xhat.length; i++) {
          out[i % out.length] += in[0][i] * xhat[i];
        }
        yield out;
      }
      default -> throw new IllegalStateException("the reference does not know op " + n.op().id());
    };
  }

  /** The normalised values, and the (row, group) of each. */
  private static final class Normalised {
    final double[] xhat;
    final double[] rsd;
    final int[] group;
    private final double count;

    Normalised(double[] xhat, double[] rsd, int[] group, double count) {
      this.xhat = xhat;
      this.rsd = rsd;
      this.group = group;
      this.count = count;
    }

    /** Mean over the group of every element. */
    double[] means(double[] values) {
      double[] means = new double[rsd.length];
      for (int i = 0; i < values.length; i++) {
        means[group[i]] += values[i] / count;
      }
      return means;
    }
  }

  private static Normalised normalised(Node n, double[] x) {
    int rows = n.attributes().integer("rows");
    int groups = n.attributes().integer("groups");
    int width = n.shape().dim(-1) / groups; // every op of the family ends in the channels
    int[] group = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      group[i] = (int) ((long) i * rows / x.length) * groups + i / width % groups;
    }
    double count = (double) x.length / (rows * groups);
    Normalised raw = new Normalised(x, new double[rows * groups], group, count);
    double[] mean = raw.means(x);
    double[] squares = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      squares[i] = (x[i] - mean[group[i]]) * (x[i] - mean[group[i]]);
    }
    double[] rsd = raw.means(squares);
    for (int k = 0; k < rsd.length; k++) {
      rsd[k] = 1 / Math.sqrt(rsd[k] + n.attributes().number("epsilon"));
    }
    double[] xhat = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      xhat[i] = (x[i] - mean[group[i]]) * rsd[group[i]];
    }
    return new Normalised(xhat, rsd, group, count);
  }

  private static double[] gradient(Node n, double[] dy, double[] x, double[] scale) {
    Normalised state = normalised(n, x);
    double[] d = new double[x.length];
    double[] product = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      d[i] = dy[i] * scale[i % scale.length];
      product[i] = d[i] * state.xhat[i];
    }
    double[] mean = state.means(d);
    double[] slope = state.means(product);
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int k = state.group[i];
      out[i] = (d[i] - mean[k] - state.xhat[i] * slope[k]) * state.rsd[k];
    }
    return out;
  }
}
