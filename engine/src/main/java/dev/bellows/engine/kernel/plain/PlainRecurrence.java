package dev.bellows.engine.kernel.plain;

import static dev.bellows.engine.tensor.Memory.getFloat;
import static dev.bellows.engine.tensor.Memory.getInt;
import static dev.bellows.engine.tensor.Memory.putFloat;

import dev.bellows.engine.graph.RecurrentCell;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Recurrence;
import dev.bellows.engine.kernel.RecurrentShape;
import dev.bellows.engine.tensor.Bfloat16;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;

/**
 * {@link Recurrence} in Java, row by row. Weights and states are copied to heap arrays because C2
 * vectorises only those.
 */
final class PlainRecurrence implements Recurrence {
  @Override
  public KernelCall bindForward(
      RecurrentShape shape,
      long x,
      long weights,
      long state,
      long candidateBias,
      long lengths,
      long y,
      long trace) {
    Layer layer = new Layer(shape, weights, lengths);
    return () -> layer.forward(x, state, candidateBias, y, trace);
  }

  @Override
  public KernelCall bindBackward(
      RecurrentShape shape, long dy, long trace, long weights, long lengths, long dx, long dstate) {
    Layer layer = new Layer(shape, weights, lengths);
    return () -> layer.backward(dy, trace, dx, dstate);
  }

  private static final class Layer {
    private final RecurrentCell cell;
    private final RecurrentShape shape;
    private final int units;
    private final int columns;

    /** Columns whose product is with the plain state: all but a GRU's candidate. */
    private final int dense;

    /** Whether products are of bfloat16 operands. */
    private final boolean rounded;

    private final long weights;
    private final long lengths;
    private final float[][] forward;
    private final float[] h;
    private final float[] c;
    private final float[] reset;
    private final float[] sum;
    private final float[] inner;
    private final float[] row;
    private final float[] kept;

    Layer(RecurrentShape shape, long weights, long lengths) {
      this.cell = shape.cell();
      this.shape = shape;
      this.units = shape.units();
      this.columns = shape.columns();
      this.dense = cell.gates() == 3 ? 2 * units : columns;
      this.rounded = shape.operands() == DType.BFLOAT16;
      this.weights = weights;
      this.lengths = lengths;
      this.forward = new float[units][columns];
      this.h = new float[units];
      this.c = new float[units];
      this.reset = new float[units];
      this.sum = new float[columns];
      this.inner = new float[columns];
      this.row = new float[columns];
      this.kept = new float[cell.traceBlocks()];
    }

    private void loadWeights() {
      for (int k = 0; k < units; k++) {
        if (rounded) {
          for (int j = 0; j < columns; j++) {
            long at = weights + 2L * ((long) k * columns + j);
            forward[k][j] = Bfloat16.value(Memory.getShort(at));
          }
        } else {
          Memory.copyOut(weights + 4L * k * columns, forward[k], 0, columns);
        }
      }
    }

    /** A left operand of a recurrent product. */
    private float operand(float value) {
      return rounded ? Bfloat16.value(Bfloat16.round(value)) : value;
    }

    private int length(int n) {
      return lengths == 0
          ? shape.steps()
          : Math.max(0, Math.min(shape.steps(), getInt(lengths + 4L * n)));
    }

    private long rowBytes() {
      return 4L * units;
    }

    private long stateRow(int state, int n) {
      return ((long) state * shape.rows() + n) * rowBytes();
    }

    private long positions() {
      return (long) shape.rows() * shape.steps();
    }

    void forward(long x, long state, long bias, long y, long trace) {
      loadWeights();
      for (int n = 0; n < shape.rows(); n++) {
        Memory.copyOut(state + stateRow(0, n), h, 0, units);
        if (cell.states() == 2) {
          Memory.copyOut(state + stateRow(1, n), c, 0, units);
        }
        int length = length(n);
        for (int k = 0; k < length; k++) {
          long at = (long) n * shape.steps() + (shape.reverse() ? length - 1 - k : k);
          step(at, x, bias, trace);
          if (y != 0) {
            Memory.copyIn(h, 0, y + at * rowBytes(), units);
          }
        }
        clearBeyond(n, length, y, trace);
        if (y != 0 && shape.finalState()) {
          long end = y + positions() * rowBytes();
          Memory.copyIn(h, 0, end + stateRow(0, n), units);
          if (cell.states() == 2) {
            Memory.copyIn(c, 0, end + stateRow(1, n), units);
          }
        }
      }
    }

    private void clearBeyond(int n, int length, long y, long trace) {
      long from = (long) n * shape.steps() + length;
      long bytes = (shape.steps() - length) * rowBytes();
      if (y != 0) {
        Memory.zero(y + from * rowBytes(), bytes);
      }
      for (int b = 0; b < cell.traceBlocks() && trace != 0; b++) {
        Memory.zero(trace + (b * positions() + from) * rowBytes(), bytes);
      }
    }

    private void step(long at, long x, long bias, long trace) {
      Memory.copyOut(x + 4 * at * columns, sum, 0, columns);
      Arrays.fill(inner, 0);
      for (int k = 0; k < units; k++) {
        axpy(inner, operand(h[k]), forward[k]);
      }
      if (cell == RecurrentCell.GRU_RESET_BEFORE) {
        for (int j = 0; j < units; j++) {
          reset[j] = FloatMath.sigmoid(sum[j] + inner[j]) * h[j];
          inner[2 * units + j] = 0;
        }
        for (int k = 0; k < units; k++) {
          float left = operand(reset[k]);
          for (int j = 2 * units; j < columns; j++) {
            inner[j] += left * forward[k][j];
          }
        }
      }
      for (int j = 0; j < units; j++) {
        kept[0] = h[j];
        unit(j, bias);
        for (int b = 0; b < kept.length && trace != 0; b++) {
          putFloat(trace + (b * positions() + at) * rowBytes() + 4L * j, kept[b]);
        }
      }
    }

    private static void axpy(float[] y, float a, float[] x) {
      for (int i = 0; i < y.length; i++) {
        y[i] += a * x[i];
      }
    }

    private void unit(int j, long bias) {
      float a = sum[j] + inner[j];
      switch (cell) {
        case TANH -> h[j] = FloatMath.tanh(a);
        case RELU -> h[j] = a > 0 || Float.isNaN(a) ? a : 0;
        case LSTM -> {
          float i = FloatMath.sigmoid(a);
          float f = FloatMath.sigmoid(sum[units + j] + inner[units + j]);
          float g = FloatMath.tanh(sum[2 * units + j] + inner[2 * units + j]);
          float o = FloatMath.sigmoid(sum[3 * units + j] + inner[3 * units + j]);
          kept[5] = c[j];
          c[j] = f * c[j] + i * g;
          float squashed = FloatMath.tanh(c[j]);
          h[j] = o * squashed;
          kept[1] = i;
          kept[2] = f;
          kept[3] = g;
          kept[4] = o;
          kept[6] = squashed;
        }
        default -> {
          float r = FloatMath.sigmoid(a);
          float z = FloatMath.sigmoid(sum[units + j] + inner[units + j]);
          float q = inner[2 * units + j];
          if (cell == RecurrentCell.GRU) {
            q = q + getFloat(bias + 4L * j);
            kept[4] = q;
            q = r * q;
          }
          float candidate = FloatMath.tanh(sum[2 * units + j] + q);
          kept[1] = r;
          kept[2] = z;
          kept[3] = candidate;
          h[j] = candidate + z * (h[j] - candidate);
        }
      }
      if (cell.gates() == 1) {
        kept[1] = h[j];
      }
    }

    void backward(long dy, long trace, long dx, long dstate) {
      loadWeights();
      for (int n = 0; n < shape.rows(); n++) {
        Arrays.fill(h, 0);
        Arrays.fill(c, 0);
        if (shape.finalState()) {
          long end = dy + positions() * rowBytes();
          Memory.copyOut(end + stateRow(0, n), h, 0, units);
          if (cell.states() == 2) {
            Memory.copyOut(end + stateRow(1, n), c, 0, units);
          }
        }
        int length = length(n);
        for (int k = length - 1; k >= 0; k--) {
          long at = (long) n * shape.steps() + (shape.reverse() ? length - 1 - k : k);
          stepBack(at, dy, trace);
          if (dx != 0) {
            Memory.copyIn(row, 0, dx + 4 * at * columns, columns);
          }
        }
        if (dx != 0) {
          long from = (long) n * shape.steps() + length;
          Memory.zero(dx + 4 * from * columns, 4L * (shape.steps() - length) * columns);
        }
        if (dstate != 0) {
          Memory.copyIn(h, 0, dstate + stateRow(0, n), units);
          if (cell.states() == 2) {
            Memory.copyIn(c, 0, dstate + stateRow(1, n), units);
          }
        }
      }
    }

    /** The pre-activation gradients to {@code row}; h and c (their gradients) step back. */
    private void stepBack(long at, long dy, long trace) {
      for (int j = 0; j < units; j++) {
        for (int b = 0; b < kept.length; b++) {
          kept[b] = getFloat(trace + (b * positions() + at) * rowBytes() + 4L * j);
        }
        unitBack(j, h[j] + getFloat(dy + at * rowBytes() + 4L * j));
      }
      for (int j = 0; j < columns; j++) {
        boolean inside = cell == RecurrentCell.GRU && j >= 2 * units;
        sum[j] = operand(inside ? inner[j - 2 * units] : row[j]);
      }
      if (cell == RecurrentCell.GRU_RESET_BEFORE) {
        for (int j = 0; j < units; j++) {
          float back = dot(sum, forward[j], 2 * units, columns);
          float r = getFloat(trace + (positions() + at) * rowBytes() + 4L * j);
          row[j] = back * getFloat(trace + at * rowBytes() + 4L * j) * r * (1 - r);
          sum[j] = operand(row[j]);
          reset[j] += back * r;
        }
      }
      int to = cell == RecurrentCell.GRU_RESET_BEFORE ? dense : columns;
      for (int j = 0; j < units; j++) {
        h[j] = reset[j] + dot(sum, forward[j], 0, to);
      }
    }

    private static float dot(float[] a, float[] b, int from, int to) {
      float sum = 0;
      for (int k = from; k < to; k++) {
        sum += a[k] * b[k];
      }
      return sum;
    }

    /** One unit back; what reaches the state not through the weights goes to {@code reset}. */
    private void unitBack(int j, float dh) {
      reset[j] = 0;
      switch (cell) {
        case TANH -> row[j] = dh * (1 - kept[1] * kept[1]);
        case RELU -> row[j] = kept[1] > 0 ? dh : 0;
        case LSTM -> {
          float i = kept[1];
          float f = kept[2];
          float g = kept[3];
          float o = kept[4];
          float squashed = kept[6];
          float d = c[j] + dh * o * (1 - squashed * squashed);
          row[j] = d * g * i * (1 - i);
          row[units + j] = d * kept[5] * f * (1 - f);
          row[2 * units + j] = d * i * (1 - g * g);
          row[3 * units + j] = dh * squashed * o * (1 - o);
          c[j] = d * f;
        }
        default -> {
          float r = kept[1];
          float z = kept[2];
          float candidate = kept[3];
          float d = dh * (1 - z) * (1 - candidate * candidate);
          row[units + j] = dh * (kept[0] - candidate) * z * (1 - z);
          row[2 * units + j] = d;
          reset[j] = dh * z;
          if (cell == RecurrentCell.GRU) {
            row[j] = d * kept[4] * r * (1 - r);
            inner[j] = d * r;
          }
        }
      }
    }
  }
}
