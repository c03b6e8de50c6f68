package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rows of one slice: buffers, what the graph makes of the labels, and the checks of both. */
final class SliceInput implements AutoCloseable {
  private final NetworkSpec spec;
  private final Kernels kernels;
  private final BatchBuffers batch;
  private final PositionLabels labels;
  private final int labelledOutputs;
  private final InputPart[] tokens;
  private final int[] tokenColumns;
  private final String[] lengthNames;

  SliceInput(NetworkSpec spec, int maxRows, Kernels kernels) {
    this.spec = spec;
    this.kernels = kernels;
    InputSpec input = spec.input();
    this.batch =
        new BatchBuffers(
            maxRows,
            input.numeric(),
            input.codesWidth(),
            input.sparseWidth(),
            spec.targetWidth(),
            Math.max(1, spec.labelWidth()));
    this.tokens = input.parts().stream().filter(InputPart::tokens).toArray(InputPart[]::new);
    this.tokenColumns = Arrays.stream(tokens).mapToInt(input::codesFrom).toArray();
    this.lengthNames =
        Arrays.stream(tokens).map(part -> part.name() + ".length").toArray(String[]::new);
    this.labelledOutputs = labelledOutputs(spec);
    this.labels = new PositionLabels(batch, spec.labelWidth());
  }

  BatchBuffers batch() {
    return batch;
  }

  PositionLabels labels() {
    return labels;
  }

  /** Puts the address of every input that the network has. */
  void addTo(Map<Node, Long> sources, NetworkGraph network) {
    put(sources, network.numeric(), batch.numeric());
    put(sources, network.codes(), batch.codes());
    put(sources, network.sparse(), batch.csrDescriptor());
    put(sources, network.labels(), batch.labels());
    put(sources, network.safeLabels(), labels.safe());
    put(sources, network.mask(), labels.mask());
    put(sources, network.target(), batch.target());
    put(sources, network.weights(), batch.weights());
  }

  private static void put(Map<Node, Long> sources, @Nullable Node node, long address) {
    if (node != null) {
      sources.put(node, address);
    }
  }

  /** A code or label outside its table would be a read outside the memory. */
  void check(List<NetworkGraph.HeadNodes> heads) {
    int rows = batch.rows();
    InputSpec input = spec.input();
    if (batch.labelWidth() > 1) {
      labels.settle(heads);
    } else if (labelledOutputs > 0) {
      check(batch.labels(), rows, 1, labelledOutputs, "label");
    }
    List<InputSpec.Categorical> columns = input.categorical();
    for (int c = 0; c < columns.size(); c++) {
      checkCodes(c, columns.get(c).cardinality(), columns.get(c).name());
    }
    for (int i = 0; i < tokens.length; i++) {
      checkTokens(tokens[i], tokenColumns[i], lengthNames[i]);
    }
    if (input.sparseWidth() > 0) {
      checkCsr(rows, input.sparseWidth());
    }
  }

  /** Classes of the one output that reads labels; 0 when rows have none or several. */
  private static int labelledOutputs(NetworkSpec spec) {
    if (spec.labelWidth() != 1) {
      return 0;
    }
    if (spec.loss().kind().usesLabels()) {
      return spec.loss().labels(spec.outputs());
    }
    return spec.heads().stream()
        .filter(head -> head.loss().kind().usesLabels())
        .mapToInt(head -> head.loss().labels(head.outputs()))
        .min()
        .orElse(1);
  }

  private void checkCodes(int column, int limit, String what) {
    check(batch.codes() + 4L * column, batch.rows(), batch.categoricals(), limit, what);
  }

  private void checkTokens(InputPart part, int from, String lengthName) {
    int length = part.shape().get(0);
    if (length == batch.categoricals()) {
      long bad =
          kernels
              .reduce()
              .firstOutside(batch.codes(), (long) batch.rows() * length, 1, part.vocabulary());
      if (bad >= 0) {
        checkCodes((int) (bad % length), part.vocabulary(), part.name() + "[" + bad % length + "]");
      }
      return;
    }
    for (int t = 0; t < length; t++) {
      checkCodes(from + t, part.vocabulary(), part.name());
    }
    if (part.lengths()) {
      checkCodes(from + length, length + 1, lengthName);
    }
  }

  private void check(long values, long count, long stride, int limit, String what) {
    long row = kernels.reduce().firstOutside(values, count, stride, limit);
    if (row >= 0) {
      throw new IllegalArgumentException(
          "row "
              + row
              + " of the batch has "
              + what
              + " "
              + Memory.getInt(values + 4 * row * stride)
              + ", expected 0.."
              + (limit - 1));
    }
  }

  private void checkCsr(int rows, int width) {
    long pointers = batch.csrRowPointers();
    int previous = 0;
    for (int r = 0; r <= rows; r++) {
      int next = Memory.getInt(pointers + 4L * r);
      if (next < previous || (r == 0 && next != 0) || next > batch.csrCapacity()) {
        throw new IllegalArgumentException(
            "CSR row pointer "
                + r
                + " is "
                + next
                + ", expected 0 first and then never less than the one before and at most "
                + batch.csrCapacity()
                + " stored values");
      }
      previous = next;
    }
    long columns = Memory.getLong(batch.csrDescriptor() + 8);
    long bad = kernels.reduce().firstOutside(columns, previous, 1, width);
    if (bad >= 0) {
      throw new IllegalArgumentException(
          "stored value "
              + bad
              + " of the sparse batch is in column "
              + Memory.getInt(columns + 4 * bad)
              + ", expected 0.."
              + (width - 1));
    }
  }

  @Override
  public void close() {
    labels.close();
    batch.close();
  }
}
