package dev.bellows.engine.kernel.reference;

import static dev.bellows.engine.graph.Recurrences.candidateBias;
import static dev.bellows.engine.graph.Recurrences.cell;
import static dev.bellows.engine.graph.Recurrences.firstInput;
import static dev.bellows.engine.graph.Recurrences.hasFinalState;
import static dev.bellows.engine.graph.Recurrences.lengths;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.RecurrentCell;
import dev.bellows.engine.tensor.Bfloat16;
import dev.bellows.engine.tensor.DType;

/** Recurrent layers over a whole sequence. Plain loops in double precision, row by row. */
final class Recurrences {
  private final RecurrentCell cell;
  private final int rows;
  private final int steps;
  private final int units;
  private final int columns;
  private final boolean reverse;

  /** Whether the products' operands are rounded to bfloat16; the weights are already. */
  private final boolean rounded;

  private final boolean finalState;
  private final double[] x;
  private final double[] weights;
  private final double[] state;
  private final double[] bias;
  private final double[] lengths;

  private Recurrences(Node n, double[][] in) {
    int first = firstInput(n);
    this.cell = cell(n);
    this.rows = n.input(first).shape().dim(0);
    this.steps = n.input(first).shape().dim(1);
    this.units = n.input(first + 1).shape().dim(0);
    this.columns = cell.gates() * units;
    this.reverse = n.attributes().flag("reverse");
    this.finalState = hasFinalState(n);
    this.rounded = n.input(first + 1).dtype() == DType.BFLOAT16;
    this.x = in[first];
    this.weights = in[first + 1];
    this.state = in[first + 2];
    this.bias = candidateBias(n) == null ? new double[units] : in[first + 3];
    this.lengths = lengths(n) == null ? new double[0] : in[in.length - 1];
  }

  static double[] compute(Node n, double[][] in) {
    Recurrences run = new Recurrences(n, in);
    double[] result = new double[(int) n.shape().size()];
    double[] other = new double[0];
    switch (n.op()) {
      case RECURRENT -> run.forward(result, other);
      case RECURRENT_TRACE -> run.forward(other, result);
      case RECURRENT_GRAD -> run.backward(in[0], in[1], result, other);
      case RECURRENT_STATE_GRAD -> run.backward(in[0], in[1], other, result);
      default -> throw new IllegalStateException("the reference does not know op " + n.op().id());
    }
    return result;
  }

  private int length(int row) {
    return lengths.length == 0 ? steps : (int) Math.max(0, Math.min(steps, lengths[row]));
  }

  private void forward(double[] y, double[] trace) {
    for (int n = 0; n < rows; n++) {
      double[] h = new double[units];
      double[] c = new double[units];
      for (int j = 0; j < units; j++) {
        h[j] = state[n * units + j];
        c[j] = cell.states() == 2 ? state[(rows + n) * units + j] : 0;
      }
      int length = length(n);
      for (int k = 0; k < length; k++) {
        int at = n * steps + (reverse ? length - 1 - k : k);
        step(at, h, c, trace);
        for (int j = 0; j < units && y.length > 0; j++) {
          y[at * units + j] = h[j];
        }
      }
      for (int j = 0; j < units && y.length > 0 && finalState; j++) {
        y[(rows * steps + n) * units + j] = h[j];
        if (cell.states() == 2) {
          y[(rows * steps + rows + n) * units + j] = c[j];
        }
      }
    }
  }

  /** One step of one row; h and c are overwritten. */
  private void step(int at, double[] h, double[] c, double[] trace) {
    double[] sum = new double[columns];
    for (int j = 0; j < columns; j++) {
      boolean apart = columns == 3 * units && j >= 2 * units; // the candidate of a GRU
      sum[j] = x[at * columns + j] + (apart ? 0 : product(h, j));
    }
    double[] before = h.clone();
    double[] reset = new double[units];
    for (int j = 0; j < units; j++) {
      reset[j] = columns == 3 * units ? Scalars.sigmoid(sum[j]) * before[j] : 0;
    }
    for (int j = 0; j < units; j++) {
      double[] kept;
      switch (cell) {
        case TANH, RELU -> {
          h[j] = cell == RecurrentCell.TANH ? Math.tanh(sum[j]) : Math.max(0, sum[j]);
          kept = new double[] {before[j], h[j]};
        }
        case LSTM -> {
          double i = Scalars.sigmoid(sum[j]);
          double f = Scalars.sigmoid(sum[units + j]);
          double g = Math.tanh(sum[2 * units + j]);
          double o = Scalars.sigmoid(sum[3 * units + j]);
          double old = c[j];
          c[j] = f * old + i * g;
          h[j] = o * Math.tanh(c[j]);
          kept = new double[] {before[j], i, f, g, o, old, Math.tanh(c[j])};
        }
        default -> {
          double r = Scalars.sigmoid(sum[j]);
          double z = Scalars.sigmoid(sum[units + j]);
          boolean after = cell == RecurrentCell.GRU;
          double inner = product(after ? before : reset, 2 * units + j) + bias[j];
          double candidate = Math.tanh(sum[2 * units + j] + (after ? r * inner : inner));
          h[j] = (1 - z) * candidate + z * before[j];
          kept =
              after
                  ? new double[] {before[j], r, z, candidate, inner}
                  : new double[] {before[j], r, z, candidate};
        }
      }
      for (int b = 0; b < kept.length && trace.length > 0; b++) {
        trace[(b * rows * steps + at) * units + j] = kept[b];
      }
    }
  }

  /** Column {@code column} of v times the recurrent weights. */
  private double product(double[] v, int column) {
    double sum = 0;
    for (int k = 0; k < units; k++) {
      sum += operand(v[k]) * weights[k * columns + column];
    }
    return sum;
  }

  private double operand(double value) {
    return rounded ? Bfloat16.value(Bfloat16.round((float) value)) : value;
  }

  private void backward(double[] dy, double[] trace, double[] dx, double[] dstate) {
    for (int n = 0; n < rows; n++) {
      double[] dh = new double[units];
      double[] dc = new double[units];
      for (int j = 0; j < units && finalState; j++) {
        dh[j] = dy[(rows * steps + n) * units + j];
        dc[j] = cell.states() == 2 ? dy[(rows * steps + rows + n) * units + j] : 0;
      }
      int length = length(n);
      for (int k = length - 1; k >= 0; k--) {
        int at = n * steps + (reverse ? length - 1 - k : k);
        for (int j = 0; j < units; j++) {
          dh[j] += dy[at * units + j];
        }
        double[] da = stepBack(at, dh, dc, trace);
        if (dx.length > 0) {
          System.arraycopy(da, 0, dx, at * columns, columns);
        }
      }
      for (int j = 0; j < units && dstate.length > 0; j++) {
        dstate[n * units + j] = dh[j];
        if (cell.states() == 2) {
          dstate[(rows + n) * units + j] = dc[j];
        }
      }
    }
  }

  /**
   * Gradient of the pre-activations of one step of one row; dh and dc become those before the step.
   */
  private double[] stepBack(int at, double[] dh, double[] dc, double[] trace) {
    double[] da = new double[columns];
    double[] toState = new double[columns]; // what flows through the recurrent weights
    double[] direct = new double[units];
    for (int j = 0; j < units; j++) {
      double[] kept = new double[cell.traceBlocks()];
      for (int b = 0; b < kept.length; b++) {
        kept[b] = trace[(b * rows * steps + at) * units + j];
      }
      switch (cell) {
        case TANH -> da[j] = dh[j] * (1 - kept[1] * kept[1]);
        case RELU -> da[j] = kept[1] > 0 ? dh[j] : 0;
        case LSTM -> {
          double i = kept[1];
          double f = kept[2];
          double g = kept[3];
          double o = kept[4];
          double squashed = kept[6];
          double d = dc[j] + dh[j] * o * (1 - squashed * squashed);
          da[j] = d * g * i * (1 - i);
          da[units + j] = d * kept[5] * f * (1 - f);
          da[2 * units + j] = d * i * (1 - g * g);
          da[3 * units + j] = dh[j] * squashed * o * (1 - o);
          dc[j] = d * f;
        }
        default -> {
          double z = kept[2];
          double candidate = kept[3];
          da[units + j] = dh[j] * (kept[0] - candidate) * z * (1 - z);
          da[2 * units + j] = dh[j] * (1 - z) * (1 - candidate * candidate);
          direct[j] = dh[j] * z;
          if (cell == RecurrentCell.GRU) {
            da[j] = da[2 * units + j] * kept[4] * kept[1] * (1 - kept[1]);
            toState[2 * units + j] = da[2 * units + j] * kept[1];
          }
        }
      }
    }
    if (cell == RecurrentCell.GRU_RESET_BEFORE) {
      for (int j = 0; j < units; j++) {
        double dReset = 0;
        for (int k = 0; k < units; k++) {
          dReset += operand(da[2 * units + k]) * weights[j * columns + 2 * units + k];
        }
        double r = trace[(rows * steps + at) * units + j];
        da[j] = dReset * trace[at * units + j] * r * (1 - r);
        direct[j] += dReset * r;
      }
    }
    int dense = columns == 3 * units ? 2 * units : columns;
    System.arraycopy(da, 0, toState, 0, dense);
    for (int j = 0; j < units; j++) {
      dh[j] = direct[j];
      for (int k = 0; k < columns; k++) {
        dh[j] += operand(toState[k]) * weights[j * columns + k];
      }
    }
    return da;
  }
}
