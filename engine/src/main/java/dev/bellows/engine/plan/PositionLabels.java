package dev.bellows.engine.plan;

import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;
import java.util.List;

/**
 * Several labels per row as the graph needs them: a copy with 0 where there is none, and a mask.
 * Without several labels per row it holds nothing.
 */
final class PositionLabels implements AutoCloseable {
  private final BatchBuffers batch;
  private final int width;
  private final Arena arena;
  private final long safe;
  private final long mask;
  private final int[] valid;

  PositionLabels(BatchBuffers batch, int width) {
    this.batch = batch;
    this.width = width;
    this.valid = new int[width];
    long bytes = width > 1 ? Memory.align(4L * batch.maxRows() * width) : 0;
    this.arena = new Arena(Math.max(64, 2 * bytes));
    this.safe = bytes == 0 ? 0 : arena.take(bytes);
    this.mask = bytes == 0 ? 0 : arena.take(bytes);
  }

  /** Labels int [rows, width], none below 0. */
  long safe() {
    return safe;
  }

  /** 1 where there is a label, else 0: float [rows, width]. */
  long mask() {
    return mask;
  }

  /**
   * Fills both from the batch's labels.
   *
   * @throws IllegalArgumentException when a label is not below its head's number of classes, naming
   *     row and position
   */
  void settle(List<NetworkGraph.HeadNodes> heads) {
    for (int i = 0; i < heads.size(); i++) { // by index: no iterator is allocated
      NetworkGraph.HeadNodes head = heads.get(i);
      if (head.usesLabels() && head.from() >= 0) {
        settle(head);
      }
    }
  }

  private void settle(NetworkGraph.HeadNodes head) {
    java.util.Arrays.fill(valid, head.from(), head.from() + head.width(), 0);
    for (int row = 0; row < batch.rows(); row++) {
      for (int p = head.from(); p < head.from() + head.width(); p++) {
        long at = 4L * ((long) row * width + p);
        int label = Memory.getInt(batch.labels() + at);
        if (label >= head.outputs()) {
          throw new IllegalArgumentException(
              "row "
                  + row
                  + " of the batch has label "
                  + label
                  + " at position "
                  + (p - head.from())
                  + ", expected 0.."
                  + (head.outputs() - 1)
                  + ", or below 0 for none");
        }
        boolean present = label >= 0;
        Memory.putInt(safe + at, present ? label : 0);
        Memory.putFloat(mask + at, present ? 1 : 0);
        valid[p] += present ? 1 : 0;
      }
    }
  }

  /**
   * Rows of the batch per label of a head: turns a count over labels into one over rows, as if
   * every row had the head's mean.
   */
  double rowsPerLabel(NetworkGraph.HeadNodes head) {
    if (!head.usesLabels() || width <= 1 || head.from() < 0) {
      return head.usesLabels() ? 1.0 / head.width() : 1;
    }
    long count = 0;
    for (int p = head.from(); p < head.from() + head.width(); p++) {
      count += valid[p];
    }
    return count == 0 ? 0 : (double) batch.rows() / count;
  }

  @Override
  public void close() {
    arena.close();
  }
}
