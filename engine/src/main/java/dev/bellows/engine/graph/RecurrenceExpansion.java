package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent layer unrolled into elementary ops, step by step. It is the definition that the fused
 * ops are compared with, and it gives the gradients of the fused gradient ops: slow, but used for
 * second derivatives only.
 */
final class RecurrenceExpansion {
  private final Graph g;
  private final RecurrentCell cell;
  private final int rows;
  private final int steps;
  private final int units;
  private final Node weights;
  private final @Nullable Node candidateBias;

  /** Per block of the trace and step: [N, H]. */
  private final Node[][] trace;

  private final Node[] outputs;
  private Node h;
  private @Nullable Node c;

  /**
   * Unrolls.
   *
   * @param like a node of the family, for its attributes
   * @param inputs x, weights, state and what else the op takes
   */
  RecurrenceExpansion(Graph g, Node like, List<Node> inputs) {
    this.g = g;
    this.cell = Recurrences.cell(like);
    Node x = inputs.get(0);
    this.weights = inputs.get(1);
    this.rows = x.shape().dim(0);
    this.steps = x.shape().dim(1);
    this.units = weights.shape().dim(0);
    this.candidateBias = cell.hasCandidateBias() ? inputs.get(3) : null;
    Node state = inputs.get(2);
    this.h = g.slice(state, 0, 0, rows);
    this.c = cell.states() == 2 ? g.slice(state, 0, rows, 2 * rows) : null;
    this.trace = new Node[cell.traceBlocks()][steps];
    this.outputs = new Node[steps];
    int columns = cell.gates() * units;
    Node flat = g.reshape(x, Shape.of(rows, steps * columns));
    Node lengths = like.attributes().flag("lengths") ? inputs.get(inputs.size() - 1) : null;
    for (int k = 0; k < steps; k++) {
      int t = like.attributes().flag("reverse") ? steps - 1 - k : k;
      step(
          t,
          g.slice(flat, 1, t * columns, (t + 1) * columns),
          lengths == null ? null : alive(lengths, t));
    }
  }

  /** 1 where t is below the row's length, else 0: [N, 1], by a look-up table. */
  private Node alive(Node lengths, int t) {
    double[] table = new double[steps + 1];
    for (int length = t + 1; length <= steps; length++) {
      table[length] = 1;
    }
    Node ones = g.constant(1, Shape.of(rows));
    return g.reshape(g.classWeights(ones, lengths, table), Shape.of(rows, 1));
  }

  private void step(int t, Node a, @Nullable Node alive) {
    Node before = h;
    Node cellBefore = c;
    Node next;
    Node nextCell = null;
    List<Node> kept = new ArrayList<>(List.of(before));
    switch (cell) {
      case TANH, RELU -> {
        Node sum = g.add(a, g.matmul(h, weights));
        next = cell == RecurrentCell.TANH ? g.tanh(sum) : g.relu(sum);
        kept.add(next);
      }
      case LSTM -> {
        Node sum = g.add(a, g.matmul(h, weights));
        Node i = g.sigmoid(gate(sum, 0));
        Node f = g.sigmoid(gate(sum, 1));
        Node candidate = g.tanh(gate(sum, 2));
        Node o = g.sigmoid(gate(sum, 3));
        Node old = cellBefore == null ? before : cellBefore;
        nextCell = g.add(g.mul(f, old), g.mul(i, candidate));
        Node squashed = g.tanh(nextCell);
        next = g.mul(o, squashed);
        kept.addAll(List.of(i, f, candidate, o, old, squashed));
      }
      default -> next = gru(a, kept);
    }
    for (int block = 0; block < kept.size(); block++) {
      trace[block][t] = alive == null ? kept.get(block) : g.mul(kept.get(block), alive);
    }
    outputs[t] = alive == null ? next : g.mul(next, alive);
    h = keep(alive, next, before);
    c = nextCell == null || cellBefore == null ? null : keep(alive, nextCell, cellBefore);
  }

  private Node gru(Node a, List<Node> kept) {
    Node gates = g.matmul(h, g.slice(weights, 1, 0, 2 * units));
    Node forCandidate = g.slice(weights, 1, 2 * units, 3 * units);
    Node r = g.sigmoid(g.add(gate(a, 0), gate(gates, 0)));
    Node z = g.sigmoid(g.add(gate(a, 1), gate(gates, 1)));
    Node n;
    Node inner = null;
    if (candidateBias != null) {
      inner = g.add(g.matmul(h, forCandidate), candidateBias);
      n = g.tanh(g.add(gate(a, 2), g.mul(r, inner)));
    } else {
      n = g.tanh(g.add(gate(a, 2), g.matmul(g.mul(r, h), forCandidate)));
    }
    kept.addAll(List.of(r, z, n));
    if (inner != null) {
      kept.add(inner);
    }
    return g.add(n, g.mul(z, g.sub(h, n)));
  }

  private Node gate(Node all, int gate) {
    return g.slice(all, 1, gate * units, (gate + 1) * units);
  }

  private Node keep(@Nullable Node alive, Node next, Node before) {
    return alive == null ? next : g.add(before, g.mul(g.sub(next, before), alive));
  }

  private Node all(Node[] perStep) {
    return g.reshape(g.concat(1, List.of(perStep)), Shape.of(rows * steps, units));
  }

  /** What {@link Op#RECURRENT} yields. */
  Node result(boolean finalState) {
    Node all = all(outputs);
    if (!finalState) {
      return g.reshape(all, Shape.of(rows, steps, units));
    }
    return g.concat(0, c == null ? List.of(all, h) : List.of(all, h, c));
  }

  /** What {@link Op#RECURRENT_TRACE} yields. */
  Node traced() {
    List<Node> blocks = new ArrayList<>();
    for (Node[] block : trace) {
      blocks.add(g.reshape(all(block), Shape.of(1, rows * steps, units)));
    }
    return g.concat(0, blocks);
  }

  /**
   * The gradient of input {@code i} of a trace or of a gradient op, through its expansion. The
   * inputs are cut off by aliases, so that only what the op itself does counts.
   */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    int first = Recurrences.firstInput(n);
    List<Node> aliases = new ArrayList<>();
    for (Node input : n.inputs().subList(first, n.inputs().size())) {
      aliases.add(alias(g, input));
    }
    RecurrenceExpansion unrolled = new RecurrenceExpansion(g, n, aliases);
    if (n.op() == Op.RECURRENT_TRACE) {
      Node wrt = aliases.get(i);
      return Gradients.vectorJacobian(g, unrolled.traced(), dy, List.of(wrt)).get(wrt);
    }
    Node cotangent = alias(g, n.input(0));
    Node target = aliases.get(n.op() == Op.RECURRENT_GRAD ? 0 : 2);
    Node pulled =
        Gradients.vectorJacobian(
                g, unrolled.result(Recurrences.hasFinalState(n)), cotangent, List.of(target))
            .get(target);
    Node wrt = i == 0 ? cotangent : aliases.get(i - first);
    return pulled == null ? null : Gradients.vectorJacobian(g, pulled, dy, List.of(wrt)).get(wrt);
  }

  private static Node alias(Graph g, Node input) {
    return g.append(Op.RESHAPE, input.shape(), input.dtype(), Attributes.NONE, List.of(input));
  }

  /** The layer unrolled, for comparison with the node. */
  static Node unroll(Graph g, Node like) {
    return new RecurrenceExpansion(g, like, like.inputs()).result(Recurrences.hasFinalState(like));
  }
}
