package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;

/** A CSR matrix [N, D] with checked indices. */
final class Csr {
  private final int rows;
  private final int columns;
  private final int[] rowPointers;
  private final int[] columnIndices;
  private final double[] values;

  Csr(Node node, int[] rowPointers, int[] columnIndices, double[] values) {
    rows = node.shape().dim(0);
    columns = node.shape().dim(1);
    this.rowPointers = rowPointers.clone();
    this.columnIndices = columnIndices.clone();
    this.values = values.clone();
    if (rowPointers.length != rows + 1
        || rowPointers[0] != 0
        || rowPointers[rows] != values.length
        || columnIndices.length != values.length) {
      throw new IllegalArgumentException(
          node
              + ": CSR needs "
              + (rows + 1)
              + " row pointers from 0 to the number of values; got "
              + rowPointers.length
              + " pointers, "
              + columnIndices.length
              + " columns, "
              + values.length
              + " values");
    }
    for (int i = 0; i < rows; i++) {
      if (rowPointers[i] > rowPointers[i + 1]) {
        throw new IllegalArgumentException(node + ": row pointer " + (i + 1) + " decreases");
      }
    }
    for (int column : columnIndices) {
      if (column < 0 || column >= columns) {
        throw new IllegalArgumentException(
            node + ": column " + column + " is not in [0, " + columns + ")");
      }
    }
  }

  /** [N, D] times dense [D, k]. */
  double[] times(double[] dense, int k) {
    double[] out = new double[rows * k];
    for (int i = 0; i < rows; i++) {
      for (int e = rowPointers[i]; e < rowPointers[i + 1]; e++) {
        for (int j = 0; j < k; j++) {
          out[i * k + j] += values[e] * dense[columnIndices[e] * k + j];
        }
      }
    }
    return out;
  }

  /** [N, D] transposed times dense [N, k]. */
  double[] transposedTimes(double[] dense, int k) {
    double[] out = new double[columns * k];
    for (int i = 0; i < rows; i++) {
      for (int e = rowPointers[i]; e < rowPointers[i + 1]; e++) {
        for (int j = 0; j < k; j++) {
          out[columnIndices[e] * k + j] += values[e] * dense[i * k + j];
        }
      }
    }
    return out;
  }
}
