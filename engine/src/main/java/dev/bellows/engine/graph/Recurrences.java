package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recurrent layers over a whole sequence: N rows, T steps, H units, G gates. The input product of
 * all steps is one matrix product outside; these ops do what depends on the step before. The
 * backward op yields the gradients of the pre-activations, so that the gradients of the weights are
 * matrix products over all steps, too.
 */
public final class Recurrences {
  private static final String FINAL = "final";
  private static final String LENGTHS = "lengths";

  private Recurrences() {}

  /**
   * All outputs h' of a sequence.
   *
   * @param x input products [N, T, G H], gates side by side in the cell's order
   * @param weights recurrent weights [H, G H]
   * @param state initial state [S N, H]: h, then (LSTM) c
   * @param candidateBias [H] for {@link RecurrentCell#GRU}, else null
   * @param lengths int [N], steps of each row, or null when all are T; beyond its length a row's
   *     output is zero and its state stays
   * @param reverse whether steps run from each row's last to its first
   * @return [N, T, H]
   */
  public static Node outputs(
      Graph g,
      RecurrentCell cell,
      Node x,
      Node weights,
      Node state,
      @Nullable Node candidateBias,
      @Nullable Node lengths,
      boolean reverse) {
    return append(g, cell, x, weights, state, candidateBias, lengths, reverse, false);
  }

  /**
   * All outputs and the state after each row's last step, packed: [N T + S N, H]. Take them apart
   * with {@link #outputsOf} and {@link #finalStateOf}. Arguments as of {@link #outputs}.
   */
  public static Node outputsAndState(
      Graph g,
      RecurrentCell cell,
      Node x,
      Node weights,
      Node state,
      @Nullable Node candidateBias,
      @Nullable Node lengths,
      boolean reverse) {
    return append(g, cell, x, weights, state, candidateBias, lengths, reverse, true);
  }

  /** The outputs [N, T, H] in what {@link #outputsAndState} gave. */
  public static Node outputsOf(Graph g, Node packed) {
    Node x = packed.input(0);
    int rows = x.shape().dim(0);
    int steps = x.shape().dim(1);
    return g.reshape(
        g.slice(packed, 0, 0, rows * steps), Shape.of(rows, steps, packed.shape().dim(1)));
  }

  /** The final state [S N, H] in what {@link #outputsAndState} gave: h, then (LSTM) c. */
  public static Node finalStateOf(Graph g, Node packed) {
    Node x = packed.input(0);
    int from = x.shape().dim(0) * x.shape().dim(1);
    return g.slice(packed, 0, from, packed.shape().dim(0));
  }

  /** The cell of a node of this family. */
  public static RecurrentCell cell(Node node) {
    return RecurrentCell.ofCode(node.attributes().integer("cell"));
  }

  /** Whether the node's result ends with the final state. */
  public static boolean hasFinalState(Node node) {
    return node.attributes().flag(FINAL);
  }

  /** Where the forward inputs (x, weights, state, ...) of a node of this family begin. */
  public static int firstInput(Node node) {
    return node.op() == Op.RECURRENT || node.op() == Op.RECURRENT_TRACE ? 0 : 2;
  }

  /** The node's candidate bias, or null. */
  public static @Nullable Node candidateBias(Node node) {
    return cell(node).hasCandidateBias() ? node.input(firstInput(node) + 3) : null;
  }

  /** The node's lengths, or null. */
  public static @Nullable Node lengths(Node node) {
    return node.attributes().flag(LENGTHS) ? node.input(node.inputs().size() - 1) : null;
  }

  private static Node append(
      Graph g,
      RecurrentCell cell,
      Node x,
      Node weights,
      Node state,
      @Nullable Node candidateBias,
      @Nullable Node lengths,
      boolean reverse,
      boolean finalState) {
    String label = g.label(Op.RECURRENT);
    check(label, cell, x, weights, state, candidateBias, lengths);
    List<Node> inputs = new ArrayList<>(List.of(x, weights, state));
    if (candidateBias != null) {
      inputs.add(candidateBias);
    }
    if (lengths != null) {
      inputs.add(lengths);
    }
    int rows = x.shape().dim(0);
    int steps = x.shape().dim(1);
    int units = weights.shape().dim(0);
    Shape shape =
        finalState
            ? Shape.of(rows * steps + cell.states() * rows, units)
            : Shape.of(rows, steps, units);
    Attributes attributes =
        Attributes.of("cell", cell.code())
            .with("reverse", reverse)
            .with(FINAL, finalState)
            .with(LENGTHS, lengths != null);
    return g.append(Op.RECURRENT, shape, DType.FLOAT32, attributes, inputs);
  }

  private static void check(
      String label,
      RecurrentCell cell,
      Node x,
      Node weights,
      Node state,
      @Nullable Node candidateBias,
      @Nullable Node lengths) {
    ShapeRules.rank(label, x, 3);
    ShapeRules.rank(label, weights, 2);
    int rows = x.shape().dim(0);
    int units = weights.shape().dim(0);
    int columns = cell.gates() * units;
    expect(label, cell + " recurrent weights", weights, Shape.of(units, columns));
    expect(label, cell + " input products", x, Shape.of(rows, x.shape().dim(1), columns));
    expect(label, cell + " initial state", state, Shape.of(cell.states() * rows, units));
    if (cell.hasCandidateBias() != (candidateBias != null)) {
      throw new GraphException(
          "node "
              + label
              + ": cell "
              + cell
              + (cell.hasCandidateBias()
                  ? " needs a candidate bias [" + units + "]; give zeros for none"
                  : " takes no candidate bias, got " + candidateBias));
    }
    if (candidateBias != null) {
      expect(label, cell + " candidate bias", candidateBias, Shape.of(units));
    }
    if (lengths != null) {
      expect(label, "lengths", lengths, Shape.of(rows));
      if (lengths.dtype() != DType.INT32) {
        throw new GraphException(
            "node " + label + ": lengths " + lengths + " must be int32, got " + lengths.dtype());
      }
    }
  }

  private static void expect(String label, String what, Node node, Shape shape) {
    if (!node.shape().equals(shape)) {
      throw new GraphException(
          "node " + label + ": " + what + " must be " + shape + ", got " + node);
    }
  }

  /** Gradient of input {@code i} of {@code n}, see {@link GradientRules}. */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    return switch (n.op()) {
      case RECURRENT -> forward(g, n, i, dy);
      // The trace that a gradient op reads is a cache of its other inputs, whose rules count all.
      case RECURRENT_GRAD, RECURRENT_STATE_GRAD ->
          i == 1 ? null : RecurrenceExpansion.gradient(g, n, i, dy);
      default -> RecurrenceExpansion.gradient(g, n, i, dy);
    };
  }

  private static Node forward(Graph g, Node n, int i, Node dy) {
    RecurrentCell cell = cell(n);
    Node x = n.input(0);
    int rows = x.shape().dim(0) * x.shape().dim(1);
    int units = n.input(1).shape().dim(0);
    Node trace =
        shared(g, Op.RECURRENT_TRACE, traceShape(n), n.attributes(), List.copyOf(n.inputs()));
    List<Node> inputs = new ArrayList<>(List.of(dy, trace));
    inputs.addAll(n.inputs());
    if (i == 2) {
      return shared(g, Op.RECURRENT_STATE_GRAD, n.input(2).shape(), n.attributes(), inputs);
    }
    Node dx = shared(g, Op.RECURRENT_GRAD, x.shape(), n.attributes(), inputs);
    if (i == 0) {
      return dx;
    }
    Node flat = g.reshape(dx, Shape.of(rows, cell.gates() * units));
    Node before = block(g, trace, 0, rows, units);
    if (cell.gates() != 3) {
      return g.matmul(before, flat, true, false);
    }
    Node candidate = g.slice(flat, 1, 2 * units, 3 * units);
    Node reset = block(g, trace, 1, rows, units);
    if (cell == RecurrentCell.GRU) {
      candidate = g.mul(candidate, reset);
    }
    if (i == 3) {
      return g.reduceSum(candidate, 0);
    }
    Node left = cell == RecurrentCell.GRU ? before : g.mul(before, reset);
    return g.concat(
        1,
        List.of(
            g.matmul(before, g.slice(flat, 1, 0, 2 * units), true, false),
            g.matmul(left, candidate, true, false)));
  }

  private static Node block(Graph g, Node trace, int block, int rows, int units) {
    return g.reshape(g.slice(trace, 0, block, block + 1), Shape.of(rows, units));
  }

  static Shape traceShape(Node n) {
    Shape x = n.input(0).shape();
    return Shape.of(cell(n).traceBlocks(), x.dim(0) * x.dim(1), n.input(1).shape().dim(0));
  }

  /**
   * The node of this kind that the graph has already (the rules of each input ask), or a new one.
   */
  private static Node shared(
      Graph g, Op op, Shape shape, Attributes attributes, List<Node> inputs) {
    int newest = 0;
    for (Node input : inputs) {
      newest = Math.max(newest, input.id());
    }
    for (int id = g.nodes().size() - 1; id > newest; id--) {
      Node node = g.nodes().get(id);
      if (node.op() == op
          && node.inputs().equals(inputs)
          && node.attributes().toString().equals(attributes.toString())) {
        return node;
      }
    }
    return g.append(op, shape, DType.FLOAT32, attributes, inputs);
  }
}
